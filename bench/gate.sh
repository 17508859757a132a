#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a gate costs a test suite of 200 short processes: the suite alone, and under `seep gate`, in turn, five times each; the fastest of
# each counts. How long a process works is given in milliseconds: 0 is a program that does next to nothing.
#   [SEEP=build/seep] sh bench/gate.sh [MILLISECONDS...]
set -eu
cd "$(dirname "$0")/.."
seep=${SEEP-build/seep}
[ $# -gt 0 ] || set -- 0 2 5 10 20
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cat >"$scratch/short.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Allocates and works, for so many milliseconds of processor time. */
int main(int argc, char **argv)
{
	double limit = argc > 1 ? atof(argv[1]) : 0, sum = 0;

	do
		for (int i = 1; i < 100; i++) {
			char *text = malloc((size_t)i * 8);

			memset(text, i, (size_t)i * 8);
			for (int k = 0; k < 400; k++)
				sum += (double)text[k % (i * 8)] / (k + 1);
			free(text);
		}
	while (now() < limit);
	printf("%f\n", sum);
	return 0;
}
END
gcc -O1 -fno-builtin -o "$scratch/short" "$scratch/short.c"
echo 'i=0; while [ $i -lt 200 ]; do "$1/short" "$2" >/dev/null || exit; i=$((i + 1)); done' >"$scratch/suite.sh"

# Seconds of wall time, the least of what is on stdin.
fastest() {
	sort -n | head -n 1
}

timed() {
	start=$(date +%s.%N)
	"$@" >"$scratch/log" 2>&1 || {
		cat "$scratch/log" >&2
		exit 1
	}
	date +%s.%N | awk -v start="$start" '{ printf "%.3f\n", $1 - start }'
}

printf '%12s %12s %12s %8s\n' "ms a process" "alone" "gate" "ratio"
for work in "$@"; do
	rm -f "$scratch/alone" "$scratch/gate"
	for _ in 1 2 3 4 5; do
		timed sh "$scratch/suite.sh" "$scratch" "$work" >>"$scratch/alone"
		timed "$seep" gate -- sh "$scratch/suite.sh" "$scratch" "$work" >>"$scratch/gate"
	done
	fastest <"$scratch/alone" >"$scratch/a"
	fastest <"$scratch/gate" >"$scratch/g"
	paste "$scratch/a" "$scratch/g" | awk -v work="$work" '{ printf "%12s %10.2f s %10.2f s %8.2f\n", work, $1, $2, $2 / $1 }'
done

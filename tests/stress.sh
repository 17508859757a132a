#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Traces the programs of tests/programs, in random order and in every way, while their collectors are stopped and go on at random moments,
# the machine is busy, and now and then the program or its collector is killed. What a program's source says has to be what seep
# reports, as always.
#   sh tests/stress.sh MINUTES [SEED]      the programs are built (make programs)
# Prints every failure, and at the end how much was run; exit status 1 if anything failed.
set -u
cd "$(dirname "$0")/.." || exit
minutes=${1:?"usage: sh tests/stress.sh MINUTES [SEED]"}
seed=${2-$(od -A n -N 2 -t u2 /dev/urandom | tr -d ' ')}
work=$(mktemp -d)
export TMPDIR="$work"
end=$(($(date +%s) + minutes * 60))
echo "seed $seed"

# Of all collectors whose folder for temporary files is ours.
ours() {
	for environment in $(grep -lsz "^TMPDIR=$work" /proc/[0-9]*/environ); do
		process=${environment#/proc/}
		process=${process%%/*}
		case $(readlink "/proc/$process/exe") in */seep-collector) echo "$process" ;; esac
	done
}

disturb() {
	while [ ! -e "$work/over" ]; do
		stopped=$(ours)
		# shellcheck disable=SC2086 # one word each
		[ -z "$stopped" ] || kill -STOP $stopped 2>/dev/null
		sleep "0.0$(($(od -A n -N 1 -t u1 /dev/urandom) % 10))"
		# shellcheck disable=SC2086 # one word each
		[ -z "$stopped" ] || kill -CONT $stopped 2>/dev/null
		sleep "0.$(($(od -A n -N 1 -t u1 /dev/urandom) % 10))"
	done
}

busy() {
	while [ ! -e "$work/over" ]; do :; done
}

stop() {
	: >"$work/over"
	wait
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM
disturb &
busy &
programs=$(grep -l '^ \* truth:' tests/programs/*.c tests/programs/*.cc | grep -v '\.so\.c$' | sed 's|.*/||; s|\.cc*$||')
rounds=0
failed=0
while [ "$(date +%s)" -lt "$end" ]; do
	rounds=$((rounds + 1))
	for mode in run durable preload libunwind; do
		# shellcheck disable=SC2086 # one word each
		chosen=$(printf '%s\n' $programs | awk -v seed="$seed$rounds$mode" 'BEGIN { srand(seed) } { print rand() "\t" $0 }' | sort | head -8 | cut -f 2)
		# shellcheck disable=SC2086 # one word each
		sh tests/truth.sh $mode $chosen >"$work/said" 2>&1 || {
			failed=$((failed + 1))
			grep -v '^ok' "$work/said" | sed "s/^/$mode: /"
		}
	done
	KILL_ROUNDS=1 sh tests/t/kill.sh >"$work/said" 2>&1 || {
		failed=$((failed + 1))
		grep -v '^ok' "$work/said"
	}
done
echo "$rounds rounds of 32 programs and 8 kills, $failed failed"
[ $failed -eq 0 ]

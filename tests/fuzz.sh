#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzzer that `make fuzzers` has built, for SECONDS each, beginning with the golden traces. What is found new is
# kept in build/fuzz/corpus; an input that breaks something is left in build/fuzz and named.
#   sh tests/fuzz.sh SECONDS
set -eu
cd "$(dirname "$0")/.."

for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	mkdir -p "build/fuzz/corpus/$name"
	seeds=
	for folder in tests/golden "tests/fuzz/$name.seeds"; do
		[ ! -d "$folder" ] || seeds="$seeds $folder"
	done
	# shellcheck disable=SC2086 # one word a folder
	"build/fuzz/tests/fuzz/$name" -max_total_time="$1" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name-" "build/fuzz/corpus/$name" $seeds
done

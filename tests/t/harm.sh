# SPDX-License-Identifier: Apache-2.0
#
# What is done to a traced program, or to the recorder, harms neither the program nor its trace: what takes more than one
# program with known truth to show.
. tests/tap.sh
. tests/finished.sh
programs=$PWD/build/tests/programs
build=$PWD/build

# ---- A signal handler jumps out of hooks ----

jumped_out() {
	trace=$scratch/jumped.seep
	timeout -k 1 60 env LD_PRELOAD="$build/libseep.so $programs/siglongjmp_out.so" SEEP_OUTPUT="$trace" \
		"$programs/siglongjmp_out" && finished "$trace" &&
		"$build/seep" report --json "$trace" |
		jq -e '[.sites[] | select(.unfreed_count > 0 and .unfreed_bytes == 77 * .unfreed_count) | .unfreed_count] == [3, 3]'
}

try "a signal handler jumps out of hooks: recording goes on, from the same frame too" jumped_out
done_testing

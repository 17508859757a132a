# SPDX-License-Identifier: Apache-2.0
#
# A mark divides the blocks before it from those after it, however little time lies between: tests/programs/marks_exact.c.
. tests/tap.sh

# between BLOCKS OPTION...: that many blocks are unfreed of those which the options let count.
between() {
	blocks=$1
	shift
	build/seep gate "$@" --error-exitcode 3 --json "$scratch/verdict" "$scratch/t.seep"
	[ $? -eq 3 ] && jq -e --argjson blocks "$blocks" '.totals.leak.blocks == $blocks and .totals.leak.bytes == 100 * $blocks' \
		"$scratch/verdict"
}

# In ten runs the clock ticks now and then in between.
told_apart() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		build/seep run -o "$scratch/t.seep" -- build/tests/programs/marks_exact || return
		between 15 || return
		between 3 --until first || return
		between 5 --since first --until second || return
		between 8 --until second || return
		between 12 --since first || return
		between 7 --since second || return
		rm "$scratch/t.seep"
	done
}

try "births tell blocks before, between and after two marks apart" told_apart
done_testing

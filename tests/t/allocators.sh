# SPDX-License-Identifier: Apache-2.0
#
# Programs linked with another allocator are traced as exactly as others, and keep it: tests/programs/own_allocator.c asks
# the allocator about each block, and states what it forgets.
. tests/tap.sh
. tests/finished.sh
build=$PWD/build
source=tests/programs/own_allocator.c

# Eight functions, malloc three times, and none of the threads met a foreign block.
keeps_its_own() {
	timeout 20 "$1" >"$scratch/untraced" || return
	cat "$scratch/untraced"
	[ "$(grep -c ': own$' "$scratch/untraced")" = 10 ] && ! grep 'foreign$' "$scratch/untraced" &&
		grep -q '^foreign in threads: 0$' "$scratch/untraced"
}

traced() {
	mode=$1
	program=$2
	trace=$program.$mode.seep
	case $mode in
	run) timeout 60 "$build/seep" run -o "$trace" -- "$program" ;;
	preload) timeout 60 env LD_PRELOAD="$build/libseep.so" SEEP_OUTPUT="$trace" "$program" ;;
	esac >"$scratch/traced" || return
	diff "$scratch/untraced" "$scratch/traced" && finished "$trace" &&
		"$build/seep" report --json "$trace" >"$scratch/report" || return
	differences=$(jq -R -r -n --arg program own_allocator --arg mode "$mode" --slurpfile reports "$scratch/report" \
		-f tests/truth.jq "$source") || return
	echo "$differences"
	[ -z "$differences" ]
}

for library in jemalloc tcmalloc_minimal mimalloc; do
	program=$scratch/own_allocator_$library
	try "$library: a program is linked with it" \
		gcc -std=gnu11 -D_GNU_SOURCE -g -O0 -fno-builtin -pthread -o "$program" "$source" "-l$library"
	try "$library: the blocks are its own" keeps_its_own "$program"
	try "$library: seep run has them all, and they stay its own" traced run "$program"
	try "$library: plain LD_PRELOAD has them all, and they stay its own" traced preload "$program"
done
done_testing

# SPDX-License-Identifier: Apache-2.0
#
# A simulated week (bench/week.c, which drives the real collector) at reduced scale: 500 sites, 100,000 live blocks, 12 million events.
# The trace is as small as docs/GUARANTEES.md says; with --max-trace it is so at every moment, its sums stay exact, and its newest
# epochs are there.
. tests/tap.sh

epochs_of() {
	build/seep info "$1" | sed -n 's/.* in \([0-9]*\) epochs*;.*/\1/p'
}

# week LIMIT SITES: its truth is in $scratch/said afterwards, its report in $scratch/report
week() {
	# shellcheck disable=SC2086 # a limit, or nothing
	build/bench/week "$scratch/week.seep" 7 "$2" 100000 20 $1 >"$scratch/said" &&
		build/seep report --json "$scratch/week.seep" >"$scratch/report"
}

sums_are_right() {
	jq -n -e --slurpfile said "$scratch/said" --slurpfile report "$scratch/report" '
		$said[0] as $s | $report[0] as $r
		| ["allocations", "allocated_bytes", "frees", "freed_bytes", "unfreed_count", "unfreed_bytes"]
		| map({key: ., value: [$s[.], $r.totals[.]]}) | from_entries
		| ., (all(.[]; .[0] == .[1]) and $r.trace.complete and ($r.trace.duration_seconds | floor) == 604800
			and ([$r.sites[].unfreed_count] | add) == $s.unfreed_count
			and ([$r.sites[].allocations] | add) == $s.allocations)' || {
		jq -c .trace "$scratch/report"
		false
	}
}

unlimited() {
	week "" 500 && sums_are_right || return
	epochs=$(epochs_of "$scratch/week.seep")
	bytes=$(jq .file_bytes "$scratch/said")
	echo "$epochs epochs, $bytes bytes"
	# Epochs lengthen with the trace's age: some 500 a week; and a site in an epoch takes less than 20 bytes.
	[ "$epochs" -le 520 ] && [ "$bytes" -le $((520 * 500 * 20)) ]
}

limited() {
	week "$1" "$2" && sums_are_right || return
	epochs=$(epochs_of "$scratch/week.seep")
	echo "$epochs epochs, $(jq .file_bytes "$scratch/said") bytes"
	[ "$epochs" -ge "$3" ] && ! ls "$scratch"/*.new 2>/dev/null || return
	jq -e --argjson epochs "$epochs" '[.trace.remarks[], .trace.notes[]] | any(test("--max-trace, the history of the first"))' \
		"$scratch/report"
}

without_live() {
	week 65536 500 && sums_are_right && jq -e '.trace.remarks | any(test("sizes and ages"))' "$scratch/report" || return
	build/seep gate "$scratch/week.seep"
	[ $? -eq 3 ]
}

try "make week" make -s -f bench/Makefile week
try "a week of 500 busy sites" unlimited
try "the same within 400 KB: sums are exact, the newest epochs are there" limited 400000 500 15
try "within 200 KB: most of what is in it are the blocks" limited 200000 500 2
try "within 64 KB there is room for the sums alone, and the gate does not judge it" without_live
done_testing

# SPDX-License-Identifier: Apache-2.0
#
# SIGKILL at a random moment, under load. The program's: the trace is complete, and right up to that moment. The collector's: the
# program goes on, the trace says that it has no end, and holds nothing that never was. Both, with --durable: as if only the program had
# been killed. tests/programs/announcer.c tells tests/witness.pl each operation after it returned, so one for each thread can be under
# way that the witness does not know.
# KILL_ROUNDS (6) rounds for each of: one thread and four; `seep run`, plain LD_PRELOAD, the collector, and the collector with --durable.
. tests/tap.sh
. tests/finished.sh
build=$PWD/build
announcer=$build/tests/programs/announcer

# Prints what differs. Sites of the announcer are functions NAME_SITE_BYTES; their bytes have to be exact whatever is under way.
cat >"$scratch/differences.jq" <<'END'
def above_zero: map(select(. > 0)) | add // 0;
def at($pattern): map(select(any(.stack[].function // ""; test($pattern))));
def differs($what; $actual; $wanted): if $actual == $wanted then empty else "\($what): \($actual), not \($wanted)" end;
def exceeds($what; $actual; $limit): if $actual <= $limit then empty else "\($what): \($actual), more than \($limit)" end;
$witness[0] as $told | $report[0] as $report | $report.sites as $sites
| [$told.unfreed | keys[] | . as $site
	| ($sites | at("^(take|grow)_" + $site + "_")) as $here
	| {name: ($here[0].stack // [] | map(.function // "" | select(test("^(take|grow)_"))) | first),
		count: ($here | map(.unfreed_count) | add // 0), bytes: ($here | map(.unfreed_bytes) | add // 0),
		taken: ($here | map(.allocations) | add // 0)}
	| .more = .count - $told.unfreed[$site] | .more_taken = .taken - $told.taken[$site]
	| .size = (.name // "0" | sub(".*_"; "") | tonumber)] as $known
| ($sites | at("^churn$") | map(.unfreed_count) | add // 0) as $churned
| ($sites | at("pthread_create") | map(.unfreed_count) | add // 0) as $threads_made
| differs("pid"; $report.trace.pid; $told.pid),
differs("end"; $report.trace.end; $ended),
differs("signal"; $report.trace.signal; if $ended == "killed" then 9 else null end),
differs("complete"; $report.trace.complete; true),
differs("dropped"; $report.trace.dropped_events; 0),
differs("unknown frees"; $report.totals.unknown_frees; 0),
differs("unrecorded"; $report.trace.unrecorded; 0),
differs("truncated or lost stacks"; $report.trace.truncated_stacks + $report.trace.lost_stacks; 0),
($known[] | differs("bytes at \(.name)"; .bytes; .count * .size)),
exceeds("blocks that were not announced"; ($known | map(.more) | above_zero) + $churned; $threads),
exceeds("announced blocks that are missing"; $known | map(-.more) | above_zero; $threads),
exceeds("allocations that were not announced"; $known | map(.more_taken) | above_zero; $threads),
exceeds("announced allocations that are missing"; $known | map(-.more_taken) | above_zero; $threads),
exceeds("blocks of pthread_create"; $threads_made; $threads - 1),
differs("unfreed blocks in all"; $report.totals.unfreed_count;
	($known | map(.count) | add) + $churned + $threads_made)
END

# Of a trace that ends before the program did: what it has happened, whole.
cat >"$scratch/claims.jq" <<'END'
def differs($what; $actual; $wanted): if $actual == $wanted then empty else "\($what): \($actual), not \($wanted)" end;
$witness[0] as $told | $report[0] as $report
| differs("pid"; $report.trace.pid; $told.pid),
differs("end"; $report.trace.end; "recovered"),
differs("complete"; $report.trace.complete; false),
differs("unknown frees"; $report.totals.unknown_frees; 0),
($told.taken | to_entries[] | .key as $site | .value as $taken
	| [$report.sites[] | select(any(.stack[].function // ""; test("^(take|grow)_" + $site + "_")))]
	| (map(.stack[].function // "" | select(test("^(take|grow)_"))) | first // "0" | sub(".*_"; "") | tonumber) as $size
	| {taken: (map(.allocations) | add // 0), count: (map(.unfreed_count) | add // 0), bytes: (map(.unfreed_bytes) | add // 0)}
	| differs("bytes at site \($site)"; .bytes; .count * $size),
	(if .taken <= $taken + $threads then empty else "site \($site): \(.taken) allocations, announced were \($taken)" end),
	(if .count <= .taken then empty else "site \($site): \(.count) unfreed of \(.taken)" end))
END

differences() {
	differences=$(jq -n -r --arg ended "$1" --argjson threads "$threads" --slurpfile witness "$scratch/witness" \
		--slurpfile report "$scratch/report" -f "$scratch/differences.jq")
}

no_differences() {
	[ -z "$differences" ] || {
		echo "after $milliseconds ms:"
		echo "$differences"
		cat "$scratch/witness"
		false
	}
}

collector_killed() (
	threads=$1 milliseconds=$2 trace=$scratch/collector.$1.$3.seep
	WITNESS_TRACE=$trace timeout 60 perl tests/witness.pl "$milliseconds" \
		"$build/seep" run --epoch=5 -o "$trace" -- "$announcer" "$threads" >"$scratch/witness" &&
		"$build/seep" report --json "$trace" >"$scratch/report" || return
	differences=$(jq -n -r --argjson threads "$threads" --slurpfile witness "$scratch/witness" \
		--slurpfile report "$scratch/report" -f "$scratch/claims.jq") || return
	echo "$(jq .totals.allocations "$scratch/report") allocations in the trace"
	rm "$trace"
	no_differences
)

killed() (
	mode=$1 threads=$2 milliseconds=$3 trace=$scratch/$1.$2.$4.seep
	case $mode in
	run) set -- "$build/seep" run -o "$trace" -- "$announcer" "$threads" ;;
	preload) set -- env LD_PRELOAD="$build/libseep.so" SEEP_OUTPUT="$trace" "$announcer" "$threads" ;;
	esac
	timeout 60 perl tests/witness.pl "$milliseconds" "$@" >"$scratch/witness" && finished "$trace" &&
		"$build/seep" report --json "$trace" >"$scratch/report" || return
	differences killed || return
	rm "$trace"
	no_differences
)

# Now and then a first epoch of some milliseconds: many of them come again out of the journal.
durable_killed() (
	threads=$1 milliseconds=$2 trace=$scratch/durable.$1.$3.seep
	WITNESS_STOPS=1 WITNESS_TRACE=$trace timeout 60 perl tests/witness.pl "$milliseconds" \
		"$build/seep" run --durable --epoch=$((1 + 999 * ($3 % 2))) -o "$trace" -- "$announcer" "$threads" \
		>"$scratch/witness" && "$build/seep" report --json "$trace" >"$scratch/report" || return
	differences recovered || return
	ls -s "$trace".*
	"$build/seep" recover "$trace" && [ "$(echo "$trace"*)" = "$trace" ] &&
		"$build/seep" report --json "$trace" | cmp - "$scratch/report" && rm "$trace" || return
	no_differences
)

round=0
while [ $round -lt "${KILL_ROUNDS:-6}" ]; do
	round=$((round + 1))
	for mode in run preload; do
		for threads in 1 4; do
			milliseconds=$(($(od -A n -N 2 -t u2 /dev/urandom) % 120))
			try "round $round: $mode, threads: $threads" killed $mode $threads $milliseconds $round
		done
	done
	for threads in 1 4; do
		milliseconds=$((20 + $(od -A n -N 2 -t u2 /dev/urandom) % 120))
		try "round $round: the collector, threads: $threads" collector_killed $threads $milliseconds $round
		try "round $round: the collector of a durable trace, threads: $threads" durable_killed $threads \
			$((milliseconds * 4)) $round
	done
done
done_testing

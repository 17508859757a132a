# SPDX-License-Identifier: Apache-2.0
#
# Harm to the collector while the program is under load (tests/programs/under_load.c): the program's output and status are
# those of the untraced one, and the trace says what it lacks.
. tests/tap.sh
. tests/family.sh
build=$PWD/build
program=$build/tests/programs/under_load
collectors=
trap '[ -z "$collectors" ] || kill -CONT $collectors 2>/dev/null; rm -rf "$scratch"' EXIT # none is left stopped
"$program" long >"$scratch/untraced"
kept='([.sites[] | select(.unfreed_count == 37 and .unfreed_bytes == 44400)] | length) == 1'

# begin OPTION...: records the program, until it is under load; then $recorder is `seep run`
begin() {
	rm -f "$scratch/output" "$scratch/trace.seep"
	timeout 100 "$build/seep" run "$@" -o "$scratch/trace.seep" -- "$program" long >"$scratch/output" &
	recorder=$!
	tries=0
	until grep -q under "$scratch/output" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || return
		sleep 0.01
	done
	collectors=$(named seep-collector)
	[ -n "$collectors" ] && [ -n "$(named under_load)" ]
}

unharmed() {
	wait "$recorder"
	status=$?
	[ $status -eq 3 ] && cmp "$scratch/untraced" "$scratch/output" || {
		echo "status $status"
		return 1
	}
}

says() {
	"$build/seep" report --json "$scratch/trace.seep" >"$scratch/report" && jq -e "$1" "$scratch/report" || {
		jq -c '[.trace, .totals]' "$scratch/report"
		return 1
	}
}

killed() {
	begin --epoch=20 || return
	sleep 0.1
	collectors=$(named seep-collector)
	[ -n "$(named under_load)" ] || return
	kill -KILL $collectors 2>/dev/null # one may have ended by itself
	unharmed && says ".trace.complete == false and $kept"
}

# With epochs of an hour, the trace is some seconds old at any time: for a report meanwhile, and when the collector is killed.
previewed() {
	rm -f "$scratch/trace.seep"
	"$build/seep" run --epoch=3600000 -o "$scratch/trace.seep" -- perl -e 'for (1 .. 70) {
		push @kept, "x" x 5000 for 1 .. 10; select undef, undef, undef, 0.1 } print scalar(@kept)' >"$scratch/output" &
	recorder=$!
	sleep 5
	says '.trace.end == "running" and .trace.duration_seconds > 1 and
		([.sites[] | select(.unfreed_bytes > 5000 * .unfreed_count) | .unfreed_count] | add) > 80' || return
	collectors=$(named seep-collector)
	kill -KILL $collectors 2>/dev/null
	wait "$recorder"
	[ "$(cat "$scratch/output")" = 700 ] && says '.trace.complete == false and .trace.end == "recovered" and .trace.duration_seconds > 1 and
		([.sites[] | select(.unfreed_bytes > 5000 * .unfreed_count) | .unfreed_count] | add) > 80'
}

waited_for() {
	begin && kill -STOP $collectors || return
	sleep 1
	program_waits=$(named under_load)
	kill -CONT $collectors
	[ -n "$program_waits" ] && unharmed &&
		says '.trace.complete and .trace.dropped_events == 0 and .totals.unknown_frees == 0 and '"$kept"
}

dropped() {
	begin --on-full=drop && kill -STOP $collectors || return
	tries=0
	while [ -n "$(named under_load)" ] && [ $tries -lt 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	still_there=$(named under_load)
	kill -CONT $collectors
	unharmed && [ -z "$still_there" ] && says '.trace.dropped_events > 0 and .trace.complete == false' &&
		"$build/seep" report "$scratch/trace.seep" 2>&1 | grep 'events were dropped'
}

suspended() {
	begin || return
	everything=$(below "$recorder")
	kill -STOP $everything
	sleep 1
	kill -CONT $everything
	unharmed && says '.trace.complete and .trace.dropped_events == 0'
}

try "the collector is killed: the program goes on, and the trace says that it is incomplete" killed
try "epochs of an hour: what is in the trace is some seconds old at most" previewed
try "the collector is stopped: the program waits for it, and nothing is lost" waited_for
try "the collector is stopped with --on-full=drop: the program ends meanwhile, and the report says what was dropped" dropped
try "all of them are suspended for a while: nothing is lost" suspended
done_testing

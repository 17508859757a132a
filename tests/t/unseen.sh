# SPDX-License-Identifier: Apache-2.0
#
# A traced program sees nothing of seep but its variables, and plain LD_PRELOAD gives the trace that `seep run` gives.
. tests/tap.sh
. tests/finished.sh
unset LD_PRELOAD
build=$PWD/build
programs=$build/tests/programs

# run untraced|run|preload COMMAND...: what it shows goes to $shown, its traces to $traces.
run() {
	mode=$1
	shift
	traces=$scratch/traces.$mode
	rm -rf "$traces"
	mkdir "$traces"
	case $mode in
	untraced) timeout --foreground 20 "$@" ;;
	run) timeout --foreground 20 "$build/seep" run -o "$traces/%e.%p.seep" -- "$@" ;;
	preload) timeout --foreground 20 env LD_PRELOAD="$build/libseep.so" SEEP_OUTPUT="$traces/%e.%p.seep" "$@" ;;
	esac </dev/null >"$scratch/shown" 2>&1
	status=$?
	[ "$mode" = untraced ] || finished "$traces"/*.seep || return
	mv "$scratch/shown" "$scratch/shown.$mode"
	return $status
}

sees_the_same() (
	traced=$1
	shift
	run untraced "$programs/observer" "$@" && run "$traced" "$programs/observer" "$@" &&
		[ "$(wc -l <"$scratch/shown.untraced")" -gt 90 ] && diff "$scratch/shown.untraced" "$scratch/shown.$traced"
)

# What two runs of the same program share.
without_time() {
	"$build/seep" report --json "$1" | jq '
		del(.trace.pid, .trace.file, .trace.start, .trace.duration_seconds, .trace.exit_status, .totals.peak_at_seconds)
		| .sites |= (map({id, tag, component, unfreed_count, unfreed_bytes, allocations, allocated_bytes,
			stack: [.stack[] | {function, file, line, inlined, "module": .module}]}) | sort_by(.id, .allocated_bytes, .stack))'
}

same_trace() (
	for mode in run preload; do
		run $mode "$programs/$1" || return
		without_time "$traces"/*.seep >"$scratch/trace.$mode" || return
	done
	[ "$(jq '.totals.allocations' "$scratch/trace.run")" -gt 0 ] && diff "$scratch/trace.run" "$scratch/trace.preload"
)

for mode in run preload; do
	try "$mode: children, threads, descriptors, signals, limits and environment" sees_the_same $mode
	try "$mode: the same as a child subreaper with signals blocked and few descriptors" sees_the_same $mode once-more
done
for program in leak_37 libc_kept many_sites exceptions unloaded_libraries; do
	try "$program: plain LD_PRELOAD gives the trace of seep run" same_trace $program
done
done_testing

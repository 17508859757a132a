# SPDX-License-Identifier: Apache-2.0
#
# What a recording takes of the machine, as far as that can be said without a clock: memory for each thread, and the CPU time
# of who has nothing to do. What it takes in time is measured by bench/.
. tests/tap.sh
build=$PWD/build
program=$build/tests/programs/threads_rest
export MALLOC_ARENA_MAX=1 # or the allocator's own pools would depend on who ran when

# ---- Memory ----

# At most 1 MiB, and 300 KiB for each thread.
memory_of_threads() {
	untraced=$("$program" "$1" | cut -d ' ' -f 1)
	traced=$("$build/seep" run -o "$scratch/threads.seep" -- "$program" "$1" | cut -d ' ' -f 1)
	echo "$1 threads: $untraced KiB untraced, $traced KiB traced: $(((traced - untraced) / $1)) KiB a thread"
	[ "$traced" -gt "$untraced" ] && [ $((traced - untraced)) -le $((1024 + 300 * $1)) ]
}

for threads in 10 100 1000; do
	try "$threads threads take at most 1 MiB and 300 KiB each" memory_of_threads $threads
done

# ---- The stack tree ----

# stacks_under LIMIT EXPECTED: with so many KiB of address space; all blocks are counted whatever the tree holds, and a full one is said.
stacks_under() (
	rm -f "$scratch"/stacks*.seep
	"$build/seep" run -o "$scratch/stacks.seep" -- sh -c 'ulimit -v "$1"; exec "$0"' "$build/tests/programs/many_stacks" "$1" || return
	"$build/seep" report --json "$scratch"/stacks.1.seep >"$scratch/stacks" || return
	jq -c '{totals, sites: [.sites[] | select(.unfreed_bytes % 48 == 0)] | length, notes: .trace.notes}' "$scratch/stacks"
	jq -e '.totals.unfreed_count >= 131072 and .trace.complete' "$scratch/stacks" || return
	jq -r '.trace.remarks[], .trace.notes[]' "$scratch/stacks" | grep -c 'stack tree was full' | grep -qx "$2"
)

try "131,072 stacks find their place" stacks_under unlimited 0
try "a full stack tree is said, and every block counted" stacks_under 100000 1

# ---- Other tables ----

# Each remembers what did not fit, and the report says so; the program goes on, and what fits is right.
# shellcheck disable=SC3045 # dash has it
few_segments() {
	(ulimit -s 64 && ulimit -v 120000 && "$build/seep" run -o "$scratch/few.seep" -- "$build/tests/programs/many_threads") || return
	"$build/seep" report --json "$scratch/few.seep" >"$scratch/few" && jq -c '[.trace.unrecorded, .trace.remarks, .totals]' "$scratch/few"
	jq -e '.trace.unrecorded > 0 and (.trace.remarks | any(test("were not recorded, because a limit of the recorder was met")))
		and ([.sites[] | select(.unfreed_bytes == 100 * .unfreed_count) | .unfreed_count] | add) > 0' "$scratch/few"
}

many_modules() {
	"$build/seep" run -o "$scratch/modules.seep" -- "$build/tests/programs/many_loads" || return
	"$build/seep" report --json "$scratch/modules.seep" >"$scratch/modules" && jq -c '[.trace.remarks, .totals]' "$scratch/modules"
	jq -e '(.trace.remarks | any(test("there was room for [0-9]+ loads of files"))) and
		([.sites[] | select(.unfreed_bytes == 111 * .unfreed_count) | .unfreed_count] | add) == 4200' "$scratch/modules"
}

# More live blocks than the collector has memory for: the recording ends, the program does not.
little_memory() {
	printf '#!/bin/sh\nulimit -d 60000\nexec "%s" "$@"\n' "$build/seep-collector" >"$scratch/collector"
	chmod +x "$scratch/collector"
	said=$(SEEP_COLLECTOR=$scratch/collector SEEP_OUTPUT=$scratch/little.seep LD_PRELOAD=$build/libseep.so \
		perl -e 'push @a, "x" x (10 + $_ % 10) for 1 .. 1500000; print scalar(@a)')
	tries=0
	until "$build/seep" report --json "$scratch/little.seep" >"$scratch/little" && jq -e '.trace.remarks | any(test("out of memory for the books"))' \
		"$scratch/little"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || return
		sleep 0.1
	done
	echo "perl said $said"
	[ "$said" = 1500000 ]
}

try "more live blocks than the collector has memory for" little_memory
try "more threads at once than there is room for" few_segments
try "more loads of libraries than there is room for" many_modules

# ---- CPU time ----

# collector_of TRACE: the process that writes it.
collector_of() {
	for descriptor in /proc/[0-9]*/fd/*; do
		[ "$(readlink "$descriptor" 2>/dev/null)" = "$1" ] || continue
		process=${descriptor#/proc/}
		process=${process%%/*}
		case $(readlink "/proc/$process/exe") in
		*/seep-collector) echo "$process" && return ;;
		esac
	done
	return 1
}

# In nanoseconds, of all its threads.
cpu_of() {
	cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# Once the program rests, the collector gets less than one part in a hundred of a core. On a busy machine it takes a while until both have
# done what there was to do.
idle_collector() (
	"$build/seep" run -o "$scratch/idle.seep" -- "$program" 4 30 >"$scratch/rested" &
	launcher=$!
	trap 'kill "$launcher"' EXIT
	until collector=$(collector_of "$scratch/idle.seep"); do kill -0 $launcher && sleep 0.1 || return; done
	for window in 1 2 3 4 5 6 7 8 9 10; do
		before=$(cpu_of "$collector")
		sleep 2
		after=$(cpu_of "$collector")
		echo "$window: $((after - before)) ns in 2 s"
		[ $((after - before)) -ge 20000000 ] || return 0
	done
	return 1
)

# Whose ring is full waits asleep, and goes on when there is room.
full_ring() (
	mkfifo "$scratch/go"
	"$build/seep" run -o "$scratch/full.seep" -- "$program" 2 0 wait >"$scratch/said" <"$scratch/go" &
	launcher=$!
	exec 3>"$scratch/go"
	until traced=$(sed -n 1p "$scratch/said") && [ -n "$traced" ]; do sleep 0.05; done
	collector=$(collector_of "$scratch/full.seep") || return
	kill -STOP "$collector"
	trap 'kill -CONT "$collector"' EXIT
	echo go >&3
	sleep 1
	before=$(cpu_of "$traced")
	sleep 1
	after=$(cpu_of "$traced")
	state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$traced/status")
	kill -CONT "$collector"
	wait $launcher || return
	echo "state $state, $((after - before)) ns in 1 s"
	[ "$state" = S ] && [ $((after - before)) -lt 20000000 ]
)

try "a collector with nothing to do takes no CPU time" idle_collector
try "a program whose ring is full takes no CPU time until there is room" full_ring
done_testing

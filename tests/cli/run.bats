# SPDX-License-Identifier: Apache-2.0
#
# `seep run` and plain LD_PRELOAD: what the user sees of them. What they record is checked against known truth elsewhere.
load support

# The value of a field of the JSON report: field TRACE totals unfreed_count
field() {
	"$seep" report --json "$1" | perl -MJSON::PP -e '
		local $/;
		my $value = decode_json(<STDIN>);
		$value = $value->{$_} for @ARGV;
		print JSON::PP::is_bool($value) ? ($value ? "true" : "false") : ref $value ? encode_json($value) : $value, "\n"' "${@:2}"
}

# A collector that was started by the shim finishes on its own, after the program.
wait_for_trace() {
	local i

	for i in $(seq 300); do
		[ -e "$1" ] && [ "$(field "$1" trace complete 2>/dev/null)" = true ] && return
		sleep 0.1
	done
	echo "$1 is not complete after half a minute"
	ls -la
	return 1
}

@test "the command's exit status is passed on, for every kind of end" {
	for code in 0 1 2 3 77 126 127 255; do
		try "$seep" run -o "t$code.seep" -- sh -c "exit $code"
		exits "$code"
		same "$err" ""
	done
}

@test "a command that a signal ends gives 128 + the signal's number" {
	for signal in TERM KILL SEGV ABRT; do
		try "$seep" run -o t.%p.seep -- sh -c "ulimit -c 0; kill -$signal \$\$"
		exits $((128 + $(kill -l $signal)))
		same "$err" ""
	done
}

@test "stdin, stdout, stderr and arguments are the command's own, byte for byte" {
	printf 'one\0two\nthree' >input
	"$seep" run -- sh -c 'cat; printf "%s|" "$@" >&2' sh '' 'a b' '--json' -- <input >output 2>errors
	cmp input output
	same "$(cat errors)" '|a b|--json|--|'
}

@test "the trace is called after executable and process id" {
	try "$seep" run -- "$programs/leak_37"
	exits 0
	same "$out" ""
	same "$err" ""
	set -- *
	[ $# = 1 ]
	[[ $1 =~ ^leak_37\.[0-9]+\.seep$ ]]
	same "$(field "$1" trace pid)" "$(echo "$1" | tr -dc '0-9.' | cut -d. -f2)"
}

@test "-o PATTERN knows %e, %p and %%" {
	mkdir sub
	try "$seep" run -o 'sub/%%-%e-%p.trace' -- "$programs/leak_37"
	exits 0
	set -- sub/*
	[ $# = 1 ]
	[[ $1 =~ ^sub/%-leak_37-[0-9]+\.trace$ ]]

	try "$seep" run --output=fixed.seep -- "$programs/leak_37"
	exits 0
	[ -e fixed.seep ]
}

@test "each process of a command has its own trace" {
	try "$seep" run -- sh -c "$programs/leak_37 & $programs/leak_37; wait"
	exits 0
	set -- leak_37.*.seep
	[ $# = 2 ]
	for trace in "$@"; do
		same "$(field "$trace" totals unfreed_count)" 37
		same "$(field "$trace" totals unfreed_bytes)" 44400
	done
}

@test "a command that does not exist: 127, and what to do" {
	try "$seep" run -- no-such-command-anywhere
	exits 127
	same "$out" ""
	same "$err" "seep: no-such-command-anywhere: command not found in PATH; write its path (./no-such-command-anywhere?) or install it"
	same "$(ls)" ""

	try "$seep" run -- ./missing
	exits 127
	same "$err" "seep: ./missing: cannot be executed: No such file or directory"
}

@test "a command that is not executable: 126" {
	touch plain
	try "$seep" run -- ./plain
	exits 126
	same "$err" "seep: ./plain: cannot be executed: Permission denied"

	try "$seep" run -- ./
	exits 126
	same "$err" "seep: ./: cannot be executed: Is a directory"
}

@test "a statically linked program runs, and seep says why there is no trace" {
	try "$seep" run -- "$programs/static_leak"
	exits 5
	same "$out" "leaked 500"
	same "$err" "seep: $programs/static_leak is statically linked, so nothing can be preloaded into it and nothing will be recorded: link it dynamically to trace it. What it executes may still be recorded."
	same "$(ls)" ""
}

@test "a setuid program runs, and seep says why there is no trace" {
	if [ "$(id -u)" = 0 ]; then
		cp "$programs/leak_37" setuid
		chown 1 setuid
		chmod 4755 setuid
		program=$PWD/setuid
	else
		program=$(command -v su)
	fi
	try "$seep" run -o trace.seep -- "$program" --version
	exits 0
	same "$err" "seep: $program changes its user, group or capabilities when executed (setuid, setgid), so the system ignores LD_PRELOAD and nothing will be recorded: run it as its owner, or run a copy without those bits."
	[ ! -e trace.seep ]
}

@test "a place that can't be written to is said, and the command still runs" {
	try "$seep" run -o nowhere/trace.seep -- sh -c 'echo ran; exit 4'
	exits 4
	same "$out" ran
	[[ $err == *nowhere/trace.seep* ]]
	[[ $err == *"No such file or directory"* ]]
}

@test "no command, and unknown options" {
	try "$seep" run
	exits 2
	same "$err" "seep run: no command to run; usage: seep run [options] -- COMMAND [ARGUMENT...]"

	try "$seep" run --no-such-option -- true
	exits 2
	[[ $err == *no-such-option* ]]
}

@test "plain LD_PRELOAD gives the same trace" {
	try env LD_PRELOAD="$repository/build/libseep.so" SEEP_OUTPUT=preloaded.seep "$programs/leak_37"
	exits 0
	same "$out" ""
	same "$err" ""
	wait_for_trace preloaded.seep
	"$seep" run -o run.seep -- "$programs/leak_37"
	for name in allocations allocated_bytes frees freed_bytes unfreed_count unfreed_bytes unknown_frees; do
		same "$(field preloaded.seep totals $name)" "$(field run.seep totals $name)"
	done
}

@test "plain LD_PRELOAD without SEEP_OUTPUT writes into the working directory" {
	try env LD_PRELOAD="$repository/build/libseep.so" "$programs/leak_37"
	exits 0
	for i in $(seq 300); do
		set -- leak_37.*.seep
		[ ! -e "$1" ] || break
		sleep 0.1
	done
	wait_for_trace "$1"
	same "$(field "$1" totals unfreed_count)" 37
}

@test "--depth cuts stacks and counts what it cut" {
	try "$seep" run --depth 1 -o shallow.seep -- "$programs/leak_37"
	exits 0
	[ "$(field shallow.seep trace truncated_stacks)" -ge 100 ]
	same "$(field shallow.seep totals unfreed_count)" 37
}

@test "--only records the programs that it names, whoever starts them" {
	try "$seep" run --only 'leak*,nobody' -- sh -c "ls >/dev/null; '$programs/hello'; exec '$programs/leak_37'"
	exits 0
	same "$err" ""
	set -- *.seep
	[ $# = 1 ]
	[[ $1 =~ ^leak_37 ]]

	rm "$1"
	SEEP_ONLY='leak*' LD_PRELOAD=$repository/build/libseep.so sh -c "ls >/dev/null; exec '$programs/leak_37'"
	wait_for_trace "$(echo leak_37.*.seep)"
	set -- *.seep
	[ $# = 1 ]
}

@test "--only that names nobody says so" {
	try "$seep" run --only nginx -- sh -c "exit 3"
	exits 3
	[[ $err =~ ^"seep: nothing was recorded: no program was called \"nginx\" (--only); the first was "/.*$ ]]
	same "$(ls)" ""
}

@test "--no-follow records the command and what it executes in its place, and no children" {
	try "$seep" run --no-follow -o %e.seep -- sh -c "'$programs/leak_37'; exec '$programs/fork_child_leaks'"
	exits 0
	same "$err" ""
	[ ! -e leak_37.seep ]
	set -- *.seep
	[ $# = 2 ]
	same "$(field fork_child_leaks.seep totals unfreed_count)" 7

	SEEP_FOLLOW=no SEEP_OUTPUT=alone.seep LD_PRELOAD=$repository/build/libseep.so "$programs/fork_child_leaks"
	wait_for_trace alone.seep
	[ ! -e alone.1.seep ]
}

@test "--max-trace: what it has no room for ends the recording, not the program, and the report says so" {
	try "$seep" run --max-trace=64KiB --epoch=1 -o t.seep -- "$programs/many_stacks"
	exits 0
	[[ $err =~ ^"seep: process "[0-9]+" was not recorded to its end: /".*"/t.seep would become larger than --max-trace allows" ]]
	[ "$(stat -c %s t.seep)" -le 65536 ]
	same "$(ls)" t.seep
	try "$seep" report t.seep
	exits 0
	[[ $out$err =~ "The recording says: the recording stopped" ]]

	try "$seep" run --max-trace=1K -- "$programs/leak_37"
	exits 0
	[[ $err =~ "SEEP_MAX_TRACE is \"1024\", which is not a size of at least 64KiB" ]]
}

@test "--durable and --max-trace: refused before anything is started" {
	try "$seep" run --durable --max-trace=1M -- "$programs/leak_37"
	exits 2
	[[ $err =~ "--durable and --max-trace do not go together" ]]
	same "$(ls)" ""

	SEEP_DURABLE=yes try "$seep" run --max-trace=1M -- "$programs/leak_37"
	exits 0
	[[ $err =~ "SEEP_DURABLE is \"yes\", which is not possible together with SEEP_MAX_TRACE" ]]
}

@test "seep recover: of what needs nothing, and of what can't be helped" {
	"$seep" run -o t.seep -- "$programs/leak_37"
	try "$seep" recover t.seep
	exits 0
	same "$out$err" ""

	head -c 500 t.seep >cut.seep
	try "$seep" recover cut.seep t.seep
	exits 2
	[[ $err == *"cut.seep has no end, and there is nothing beside it to finish it from: it was not recorded with --durable"* ]]

	try "$seep" recover none.seep
	exits 2
	[[ $err == *"none.seep: No such file"* ]]
	try "$seep" recover
	exits 2
	[[ $err =~ "no trace named" ]]
}

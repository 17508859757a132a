# SPDX-License-Identifier: Apache-2.0
#
# seep report, info, help and version from outside: exit codes, messages, what stdout is. What they print of a trace is held by
# tests/unit/test_golden.c.
load support
trace=$BATS_TEST_DIRNAME/../golden/whole.seep

@test "a report goes to stdout, nothing to stderr" {
	try "$seep" report "$trace"
	exits 0
	same "$err" ""
	[[ $out == "47.6 KiB unfreed in 47 blocks at 2 sites; "* ]]
}

@test "options may follow the trace" {
	try "$seep" report "$trace" --limit 1 --stacks=0
	exits 0
	[[ $out == *$'
and 1 more with 700 B (--limit 2 shows all)
'* ]]
}

@test "the answer stands, however few rows are asked for" {
	try "$seep" report --limit 0 "$trace"
	exits 0
	[[ $out == "47.6 KiB unfreed in 47 blocks at 2 sites; 99 % of it at server+0x1233 (in server): "* ]]
	[[ $out != *UNFREED* ]]
}

@test "JSON is JSON, whatever is asked for with it" {
	for option in --by=function --by=component --sort=peak --limit=0 --filter=function:nothing --min-bytes=1G; do
		try "$seep" report --json "$option" "$trace"
		exits 0
		jq -e '.schema == "seep-report/1" and (.sites | type == "array")' <<<"$out"
	done
}

@test "no colour in a pipe, unless it is asked for" {
	try "$seep" report "$trace"
	[[ $out != *$'\033'* ]]
	try "$seep" report --color=always "$trace"
	[[ $out == *$'\033[1m'* ]]
	try env NO_COLOR=1 "$seep" report --color=always "$trace"
	[[ $out == *$'\033[1m'* ]]
}

@test "on a terminal there is colour and the table keeps to its width" {
	try script -qec "stty cols 60; unset COLUMNS; TERM=xterm '$seep' report --sort=allocated --stacks=0 '$trace'" /dev/null
	[[ $out == *$'\033[1m'* ]]
	table=$(sed 's/\x1b\[[0-9]*m//g; s/\r//' <<<"$out" | sed -n '/^ALLOCATED/,/^$/p')
	[ "$(wc -l <<<"$table")" = 6 ]
	[ "$(wc -L <<<"$table")" -le 60 ]
	try script -qec "TERM=dumb '$seep' report '$trace'" /dev/null
	[[ $out != *$'\033[1m'* ]]
	try script -qec "NO_COLOR=1 TERM=xterm '$seep' report '$trace'" /dev/null
	[[ $out != *$'\033[1m'* ]]
}

@test "a reader that leaves early is no error" {
	for handler in - ''; do
		bash -c "trap $handler PIPE; '$seep' report --json '$trace' 2>err | head -c 10 >out"
		same "$(cat err)" ""
	done
	same "$(cat out)" '{"schema":'
}

@test "a stack of 64 KiB is enough" {
	program=$BATS_TEST_DIRNAME/../../build/tests/programs/leak_37
	"$seep" run -o "$BATS_TEST_TMPDIR/t.seep" -- "$program" >/dev/null # its names have to be looked for
	try "$seep" report "$BATS_TEST_TMPDIR/t.seep"
	expected=$out
	# shellcheck disable=SC2016 # for the inner one
	try sh -c 'ulimit -s 64 && exec "$@"' sh "$seep" report "$BATS_TEST_TMPDIR/t.seep"
	exits 0
	same "$out" "$expected"
	[[ $out == *leak_37.c:* ]]
}

@test "a full disk is an error" {
	[ -c /dev/full ] || skip "no /dev/full"
	for command in "report $trace" "report --json $trace" "info $trace" help version "report --help"; do
		# shellcheck disable=SC2086 # words
		status=0
		"$seep" $command >/dev/full 2>err || status=$?
		[ "$status" = 2 ]
		[[ $(cat err) == *"can not write to stdout: No space left on device" ]]
	done
}

@test "what is no trace is refused with a word on what to do" {
	echo hello >text
	: >empty
	for case in "text: not a seep trace: it does not begin with \"seeptrc\". Traces are made by \`seep run\`" \
		"empty: the file is empty. If a recording has just begun, try again in a moment" \
		"missing: No such file or directory" ".: this is a directory. A trace is a regular file"; do
		for command in report info; do
			try "$seep" $command "${case%%:*}"
			exits 2
			same "$out" ""
			same "$err" "seep $command: $case"
		done
	done
}

@test "a trace that can not be read is refused" {
	[ "$(id -u)" != 0 ] || skip "root reads everything"
	cp "$trace" x.seep
	chmod 0 x.seep
	try "$seep" report x.seep
	exits 2
	same "$err" "seep report: x.seep: Permission denied"
}

@test "bad usage is told, with a suggestion" {
	try "$seep"
	exits 2
	same "$err" 'seep: no command given. `seep help` lists them'
	try "$seep" reprot
	exits 2
	same "$err" "seep: 'reprot' is no command. Did you mean \`seep report\`?"
	try "$seep" "$trace"
	exits 2
	same "$err" "seep: '$trace' is no command. Did you mean \`seep report $trace\`?"
	try "$seep" report
	exits 2
	same "$err" "seep report: no trace named. usage: seep report [options] TRACE"
	try "$seep" report "$trace" "$trace"
	exits 2
	try "$seep" report --jsno "$trace"
	exits 2
	same "$err" "seep report: unknown option '--jsno'. Did you mean --json?"
	try "$seep" report --sort size "$trace"
	exits 2
	same "$err" "seep report: --sort: 'size' is none of unfreed, allocated, count, peak"
	try "$seep" report --filter main "$trace"
	exits 2
	[[ $err == "seep report: 'main' is no filter: expected function:GLOB, "* ]]
	try "$seep" report --json --folded "$trace"
	exits 2
	try "$seep" report --folded --by file "$trace"
	exits 2
}

@test "help tells of each command, in each of its ways" {
	try "$seep" help
	exits 0
	all=$out
	try "$seep" --help
	same "$out" "$all"
	for command in $(sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$all"); do
		try "$seep" help "$command"
		exits 0
		of_help=$out
		try "$seep" "$command" --help
		exits 0
		same "$out" "$of_help"
		[[ $out == "usage: seep $command"* ]]
	done
}

@test "the version is told" {
	try "$seep" version
	exits 0
	[[ $out =~ ^seep\ [0-9]+\.[0-9]+\.[0-9]+\ \(trace\ format\ 2\)$ ]]
	first=$out
	try "$seep" --version
	same "$out" "$first"
}

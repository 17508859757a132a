# SPDX-License-Identifier: Apache-2.0
#
# `seep gate`: what it judges, what it says, and above all when it is not green.
load support

gate() {
	try "$seep" gate --json gate.json "$@"
}

# A value of the JSON report.
value() {
	jq -r "$1" gate.json
}

# FUNCTION BLOCKS*BYTES of each site with this fate
sites() {
	jq -r --arg fate "$1" '.sites[] | select(.fate == $fate) | "\(.function) \(.unfreed.blocks)*\(.unfreed.bytes)"' gate.json
}

line_of() {
	grep -n "/\* $2 \*/" "$repository/tests/programs/$1" | cut -d: -f1
}

@test "a program that gives everything back passes, and its output is its own" {
	try "$seep" gate -- "$programs/malloc_family_freed"
	exits 0
	same "$out" "$("$programs/malloc_family_freed")"
	[[ $err =~ ^seep\ gate:\ pass:\ nothing\ leaked,\ in\ 1\ process\ with\ [0-9,]+\ allocations$ ]]
	same "$(ls)" ""
	try "$seep" gate --quiet -- "$programs/malloc_family_freed"
	exits 0
	same "$err" ""
}

@test "a leak fails, with figures, line and stack" {
	gate -- "$programs/leak_37"
	exits 1
	line=$(line_of leak_37.c leak)
	[[ $err == "seep gate: leak: 44,400 bytes in 37 blocks at 1 site"* ]]
	[[ $err == *"1. 44,400 bytes in 37 blocks: keep, $repository/tests/programs/leak_37.c:$line"* ]]
	[[ $err == *">"*"$line | "*"malloc(1200)"* ]]
	same "$(value '.sites[0].stack[0:2][].function')" "keep
main"
	same "$(value .exit_code)" 1
}

@test "traces and folders of them are judged as the command was, and then the verdict is on stdout" {
	mkdir sub
	"$seep" run -o sub/%p.seep -- "$programs/leak_37"
	"$seep" run -o sub/other.seep -- "$programs/malloc_family_freed" >/dev/null
	echo "no trace" >sub/README
	gate sub/*.seep
	exits 1
	[[ $out == "seep gate: leak: 44,400 bytes in 37 blocks at 1 site"* ]]
	same "$err" ""
	gate sub
	exits 1
	same "$(value .processes.judged)" 2
	gate sub/other.seep
	exits 0
}

@test "the command's own failure is passed on, and the reports still say what leaked" {
	gate --junit j.xml -- sh -c "$programs/leak_37; exit 5"
	exits 5
	[[ $err == "seep gate: the command failed with status 5; leak: 44,400 bytes"* ]]
	grep -q 'tests="3" failures="2"' j.xml
	same "$(value .verdict) $(value .command_status) $(value .exit_code)" "leak 5 5"
	gate -- sh -c "$programs/malloc_family_freed >/dev/null; exit 9"
	exits 9
}

@test "--error-exitcode says how a leak exits" {
	gate --error-exitcode 42 -- "$programs/leak_37"
	exits 42
	gate --error-exitcode 0 -- "$programs/leak_37"
	exits 0
	gate --error-exitcode 42 -- "$programs/malloc_family_freed"
	exits 0
	gate --error-exitcode 256 -- true
	exits 2
}

# ---- Inconclusive: 3 ----

inconclusive() {
	exits 3
	same "$(value .verdict) $(value .exit_code)" "inconclusive 3"
	[[ $err$out == *"seep gate: inconclusive: "*"$1"* ]] || {
		echo "$err$out"
		return 1
	}
}

@test "3: the command was killed" {
	gate -- "$programs/ends_by_kill"
	inconclusive "killed by SIGKILL"
	gate -- "$programs/ends_by_term"
	inconclusive "killed by SIGTERM"
	gate -- sh -c 'kill -KILL $$'
	inconclusive "killed by SIGKILL"
}

@test "3: a process of the command was killed, though the command says that all is well" {
	gate -- sh -c "$programs/malloc_family_freed >/dev/null; $programs/ends_by_kill; exit 0"
	inconclusive "ends_by_kill"
}

@test "3: the trace is cut off, or damaged" {
	"$seep" run -o whole.seep -- "$programs/leak_37"
	bytes=$(stat -c %s whole.seep)
	head -c $((bytes - 20)) whole.seep >cut.seep
	gate cut.seep
	inconclusive "its trace is not complete"
	head -c 40 whole.seep >head.seep
	gate head.seep
	inconclusive "its trace is not complete"
	cp whole.seep damaged.seep
	printf '\377' | dd of=damaged.seep bs=1 seek=$((bytes / 2)) conv=notrunc status=none
	gate damaged.seep
	inconclusive "its trace is not complete"
}

@test "3: events were dropped" {
	export SEEP_ON_FULL=drop
	gate -- "$programs/gate_flood"
	inconclusive "events were dropped"
}

@test "3: only a sample was recorded" {
	export SEEP_SAMPLE=4096
	gate -- "$programs/leak_37"
	inconclusive "only a sample"
}

@test "3: libseep.so was not loaded: a static program, and one that is setuid" {
	cat >static.c <<-'END'
		int main(void) { return 0; }
	END
	gcc -static -o static static.c
	gate -- ./static
	inconclusive "statically linked"

	if [ "$(id -u)" = 0 ]; then
		cp "$programs/leak_37" setuid
		chown 1 setuid
		chmod 4755 setuid
		gate -- ./setuid
		inconclusive "setuid"
	fi
}

@test "3: libseep.so was not loaded: something takes LD_PRELOAD away" {
	gate -- env -u LD_PRELOAD "$programs/leak_37"
	inconclusive "no process ran code of the project"
}

@test "3: the command is not found, or can't be executed" {
	gate -- no-such-command-anywhere
	inconclusive "command not found in PATH"
	touch plain
	gate -- ./plain
	inconclusive "Permission denied"
}

@test "3: no allocation was seen" {
	gate -- "$programs/no_allocation"
	inconclusive "no allocation was seen"
}

@test "3: the process goes on" {
	cat >stays.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		int main(void)
		{
			int go[2];
			char byte;
			if (pipe(go) != 0)
				return 1;
			if (fork() == 0) {
				free(malloc(10));
				FILE *file = fopen("pid", "w");
				fprintf(file, "%d", getpid());
				fclose(file);
				if (write(go[1], "x", 1) == 1)
					pause();
			}
			return read(go[0], &byte, 1) != 1;
		}
	END
	gcc -o stays stays.c
	gate -- ./stays
	kill "$(cat pid)"
	inconclusive "it is still running"
}

@test "3: a policy that matches nothing: a component, a mark, code" {
	gate --max-unfreed 'session handling=4K' -- "$programs/malloc_family_freed"
	inconclusive 'a budget for the component "session handling", and nothing was allocated in it'
	gate --since warm -- "$programs/leak_37"
	inconclusive 'no process has the mark "warm"'
	gate --code '*/no-such-program' -- "$programs/leak_37"
	inconclusive "its patterns match no file"
	gate -- sh -c :
	inconclusive "no process ran code of the project"
}

@test "a leak that was measured is one, whatever else was not" {
	gate -- sh -c "$programs/leak_37; $programs/ends_by_kill; exit 0"
	exits 1
	[[ $err == *"Not measured: ends_by_kill"* ]]
}

@test "2: usage and input" {
	try "$seep" gate
	exits 2
	try "$seep" gate --
	exits 2
	try "$seep" gate --no-such-option -- true
	exits 2
	try "$seep" gate missing.seep
	exits 2
	try "$seep" gate "$programs/leak_37"
	exits 2
	mkdir empty
	try "$seep" gate empty
	exits 2
	same "$err" "seep gate: empty holds no trace"
	try "$seep" gate --policy missing.ini -- true
	exits 2
	try "$seep" gate --suppressions missing.supp -- true
	exits 2
	try "$seep" gate --baseline missing.json -- true
	exits 2
	try "$seep" gate --update-baseline -- true
	exits 2
	try "$seep" gate --scale 1,2 -- true
	exits 2
	same "$err" "seep gate: --scale: the command has no {} where the number is to be put"
	try "$seep" gate x.seep -- true
	exits 2
	try "$seep" gate --junit /no/such/folder/x.xml -- "$programs/malloc_family_freed"
	exits 2
}

# ---- Policy ----

@test "seep-gate.ini in the working directory is the policy, and --policy names another" {
	echo "max-unfreed = 44400" >seep-gate.ini
	gate -- "$programs/leak_37"
	exits 0
	[[ $err == *"Within budget: 44,400 bytes in 37 blocks at 1 site"* ]]
	mkdir sub
	echo "max-unfreed = 44399" >sub/other.ini
	gate --policy sub/other.ini -- "$programs/leak_37"
	exits 1
	gate --max-unfreed 1M --policy sub/other.ini -- "$programs/leak_37"
	exits 0
	echo "max-unfred = 5" >seep-gate.ini
	gate -- "$programs/leak_37"
	exits 2
	same "$err" "seep gate: seep-gate.ini:1: 'max-unfred' is no key of a policy. Did you mean max-unfreed?"
}

@test "budgets of components, in bytes and in blocks" {
	printf '[keeper]\nfunction = keep\n' >seep.components
	printf '[component keeper]\nmax-unfreed = 44400\n' >seep-gate.ini
	gate -- "$programs/leak_37"
	exits 0
	printf '[component keeper]\nmax-blocks = 36\n' >seep-gate.ini
	gate -- "$programs/leak_37"
	exits 1
	[[ $err == *"Budget of component keeper: 44,400 bytes in 37 blocks, of at most 36 blocks"* ]]
}

@test "--max-peak" {
	gate --max-peak 1K -- "$programs/malloc_family_freed"
	exits 1
	[[ $err == "seep gate: leak: at its peak malloc_family_freed "* ]]
	gate --max-peak 1G -- "$programs/malloc_family_freed"
	exits 0
}

@test "--since and --until: only what was born between two marks" {
	gate -- "$programs/gate_marks"
	exits 1
	same "$(value '.totals.leak | "\(.blocks)*\(.bytes)"')" "7*124"
	gate --since warm --until "done" -- "$programs/gate_marks"
	exits 1
	same "$(sites leak)" "main 2*20"
	same "$(value '.sites[0].line')" "$(line_of gate_marks.c between)"
	gate --since warm -- "$programs/gate_marks"
	same "$(value '.totals.leak | "\(.blocks)*\(.bytes)"')" "6*24"
	gate --until warm -- "$programs/gate_marks"
	same "$(sites leak)" "main 1*100"
	gate --since warm --until "done" -- "$programs/gate_marks" freed
	exits 0
	gate --since warm --until never -- "$programs/gate_marks"
	inconclusive 'it has the mark "warm", but not "never" after it'
}

@test "what a program brings itself as __lsan_default_suppressions is honoured" {
	gate -- "$programs/own_suppressions"
	exits 0
	same "$(sites suppressed)" "known_leak 1*12"
	same "$(value '.sites[0].suppression.origin')" "own_suppressions's own:2"
	gate -- "$programs/own_suppressions" more
	exits 1
	same "$(sites leak)" "main 1*34"
}

@test "installed programs are not judged beside the project's, unless --code says so" {
	gate -- bash -c "$programs/malloc_family_freed >/dev/null; true"
	exits 0
	same "$(value .processes.judged)" 1
	[ "$(value .processes.not_own)" -ge 1 ]
	gate --code '*' -- bash -c 'x=$(echo y); true'
	exits 1
}

# ---- Baseline ----

@test "a baseline: what is in it may not grow, what is new fails, what is gone is told" {
	gate --baseline known.json --update-baseline -- "$programs/leak_37"
	exits 0
	[[ $err == *"known.json was written: it holds 1 site"* ]]
	gate --baseline known.json -- "$programs/leak_37"
	exits 0
	same "$(value '.sites[0].change')" same

	sed 's/"bytes": 44400/"bytes": 44399/' known.json >less.json
	gate --baseline less.json -- "$programs/leak_37"
	exits 1
	same "$(value '.sites[0].change')" grew
	[[ $err == *"the baseline allows 44,399 bytes in 37 blocks"* ]]

	gate --baseline known.json -- "$programs/hello" leak
	exits 1
	same "$(value '.sites[] | select(.fate == "leak").change')" new
	gate --baseline known.json -- "$programs/malloc_family_freed"
	exits 0
	same "$(value '.gone[0].function')" keep
	[[ $err == *"Gone, and can be taken out of the baseline: 44,400 bytes in 37 blocks, keep"* ]]
}

@test "a baseline is not written when not everything was measured" {
	gate --baseline known.json --update-baseline -- "$programs/ends_by_kill"
	exits 3
	[ ! -e known.json ]
	gate --baseline known.json --update-baseline -- sh -c "$programs/leak_37; exit 4"
	exits 4
	[ ! -e known.json ]
}

@test "two runs of the same thing give byte for byte the same baseline" {
	cat >all.sh <<-END
		for name in leak_37 malloc_family_kept new_kept libc_kept containers inlined; do $programs/\$name; done >/dev/null
		$programs/many_threads >/dev/null & $programs/new_kept >/dev/null & $programs/leak_37 & wait
	END
	gate --baseline one.json --update-baseline -- sh all.sh
	exits 0
	gate --baseline two.json --update-baseline -- sh all.sh
	exits 0
	cmp one.json two.json
	[ "$(jq '.sites | length' one.json)" -gt 10 ]
	# a site a line, so that a diff shows sites
	same "$(grep -c '"id"' one.json)" "$(jq '.sites | length' one.json)"
}

# ---- Scaling ----

@test "--scale finds 1 block in 50 operations among 10,000 that are allocated once, and passes without it" {
	gate --scale 500,1000 -- "$programs/gate_scale" '{}' leaky
	exits 1
	same "$(value '.sites[] | select(.fate == "leak") | "\(.function) \(.line) \(.blocks_per_iteration) \(.bytes_per_iteration)"')" \
		"operation $(line_of gate_scale.c leak) 0.02 0.66"
	same "$(value '.iterations | join(" ")')" "500 1000 2000"
	[[ $err == *"at 500: 330 bytes in 10 blocks, at 1000: 660 bytes in 20 blocks, at 2000: 1,320 bytes in 40 blocks"* ]]
	same "$(value '.sites[] | select(.fate == "once" and .function == "fill_cache").unfreed.blocks')" 10000
	gate --scale 500,1000 -- "$programs/gate_scale" '{}'
	exits 0
}

@test "--scale does so with two threads in any order, ten times" {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		gate --scale 500,1000 -- "$programs/gate_scale" '{}' leaky 2
		exits 1
		same "$(value '.sites[] | select(.fate == "leak") | "\(.function) \(.line)"')" "operation $(line_of gate_scale.c leak)"
		gate --scale 500,1000 -- "$programs/gate_scale" '{}' '' 2
		exits 0
	done
}

@test "--scale: a cache that fills and then is full is no leak" {
	gate --scale 100,200 -- "$programs/gate_scale" '{}' full 2
	exits 0
	gate --scale 10,20 -- "$programs/gate_scale" '{}' full
	exits 1
}

@test "--scale passes on a failure, and is inconclusive where a run is" {
	gate --scale 3,4 -- sh -c 'exit {}'
	exits 3
	same "$(value .command_status)" 3
	gate --scale 1,2 -- sh -c "$programs/malloc_family_freed >/dev/null; [ {} = 1 ] || kill -KILL \$\$"
	exits 3
	same "$(value .verdict)" inconclusive
}

# ---- Suppressing ----

@test "seep suppress writes what the gate then takes, with owner and expiry" {
	"$seep" run -o t.seep -- "$programs/new_kept" >/dev/null
	for format in valgrind lsan; do
		try "$seep" suppress --format $format --owner "Jane Doe" --expires 2999-12-31 -o $format.supp t.seep
		exits 0
		grep -q '^# owner: Jane Doe$' $format.supp
		grep -q '^# expires: 2999-12-31$' $format.supp
		gate --suppressions $format.supp t.seep
		exits 0
		sed 's/2999/2020/' $format.supp >expired.supp
		gate --suppressions expired.supp t.seep
		exits 1
		[[ $out == *"its suppression expired on 2020-12-31 (expired.supp:"*", owner Jane Doe)"* ]]
	done
	gate t.seep
	exits 1
	try "$seep" suppress --suppressions valgrind.supp t.seep
	exits 0
	same "$out" ""
	try "$seep" suppress --expires soon t.seep
	exits 2
}

@test "counts of use, and what was not used, are told" {
	printf 'leak:^keep$\n\nleak:nothing_like_this\n' >x.supp
	gate --suppressions x.supp -- "$programs/leak_37"
	exits 0
	[[ $err == *"44,400 bytes in 37 blocks: leak:^keep\$ at x.supp:1"* ]]
	[[ $err == *"Suppression not used: leak:nothing_like_this at x.supp:3"* ]]
	same "$(value '.suppressions[].used.blocks')" "37
0"
}

# ---- Side by side ----

@test "gates that run at the same time do not get in each other's way, and leave nothing behind" {
	mkdir temporary
	export TMPDIR=$PWD/temporary
	for i in 1 2 3 4 5 6 7 8; do
		{ "$seep" gate --json "$i.json" -- "$programs/leak_37" 2>/dev/null || echo $? >"$i.status"; } &
	done
	wait
	for i in 1 2 3 4 5 6 7 8; do
		same "$(cat "$i.status")" 1
		same "$(jq -c '.sites[0].total' "$i.json")" '{"bytes":44400,"blocks":37}'
	done
	same "$(ls temporary)" ""
}

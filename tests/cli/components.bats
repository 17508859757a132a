# SPDX-License-Identifier: Apache-2.0
#
# `seep components --suggest`: the rules that it writes are read back by `seep report` and sort what they were written of.
load support

# A program that forgets 5 blocks of 1000 bytes in session/, through util/, and 2 of 300 in net/.
record() {
	mkdir -p app/session app/net app/util
	echo 'void *session_new(void); void *net_read(void);
		int main(void) { for (int i = 0; i < 5; i++) session_new(); net_read(); net_read(); return 0; }' >app/main.c
	echo 'void *xmalloc(unsigned long bytes); void *session_new(void) { return xmalloc(1000); }' >app/session/table.c
	echo '#include <stdlib.h>
		void *net_read(void) { return malloc(300); }' >app/net/read.c
	echo '#include <stdlib.h>
		void *xmalloc(unsigned long bytes) { return malloc(bytes); }' >app/util/xmalloc.c
	gcc -g -O0 -o server app/main.c app/session/table.c app/net/read.c app/util/xmalloc.c
	"$seep" run -o trace.seep -- ./server
}

# "component bytes blocks" of each, the largest first
by_component() {
	"$seep" report --json "$@" trace.seep | jq -r '[.sites[] | {component, unfreed_bytes, unfreed_count}] | group_by(.component) |
		map([.[0].component, (map(.unfreed_bytes) | add), (map(.unfreed_count) | add)]) | sort_by(-.[1])[] | @tsv' | tr '\t' ' '
}

@test "what is suggested sorts the trace as it says" {
	record
	try "$seep" components --suggest trace.seep
	exits 0
	same "$err" ""
	same "$(grep -v '^;   ' <<<"$out" | sed 1,3d)" '
; 5000 B (89 %) unfreed in 5 blocks at 1 site; the largest is session_new (table.c:1)
[session]
file = app/session/*

; 600 B (11 %) unfreed in 2 blocks at 1 site; the largest is net_read (read.c:2)
[net]
file = app/net/*'
	same "$(by_component)" "$(printf 'app/session 5000 5\napp/net 600 2')"
	printf '%s\n' "$out" >seep.components
	same "$(by_component)" "$(printf 'session 5000 5\nnet 600 2')"
	mv seep.components rules
	same "$(by_component --components rules)" "$(printf 'session 5000 5\nnet 600 2')"
}

@test "a file of allocation wrappers owns nothing but what nothing else owns" {
	record
	printf '[util]\nfile = util/*\n[rest]\nmodule = server\n' >rules
	same "$(by_component --components rules)" "rest 5600 7"
}

@test "a wrong rules file is told with its line" {
	record
	printf '[session]\nfiles = x\n' >rules
	try "$seep" report --components rules trace.seep
	exits 2
	same "$out" ""
	same "$err" "seep report: rules:2: expected \"function\", \"file\" or \"module\" in front of '=', not \"files\""
}

@test "more wrappers, from a file" {
	record
	echo 'session_* # ours' >extra.globs
	try "$seep" report --json --wrappers extra.globs trace.seep
	exits 0
	same "$(jq -r '.sites[0].function' <<<"$out")" main
	echo '*' >extra.globs
	try "$seep" report --wrappers extra.globs trace.seep
	exits 2
	same "$err" 'seep report: extra.globs:1: expected a function, as "*" would make every frame a wrapper; "* @libpool.so*" means all of a module'
}

@test "what components is called with" {
	try "$seep" components trace.seep
	exits 2
	same "$err" "seep components: nothing to do without --suggest. usage: seep components --suggest [options] TRACE > seep.components"
	try "$seep" components --suggest
	exits 2
	same "$err" "seep components: no trace named. usage: seep components --suggest [options] TRACE > seep.components"
	try "$seep" components --suggest no-such-trace
	exits 2
	[[ $err == "seep components: "*no-such-trace* ]]
}

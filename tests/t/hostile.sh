# SPDX-License-Identifier: Apache-2.0
#
# Names that want to do harm, of functions, files, folders and marks, in every output: nothing in it that a terminal obeys, and each format
# stays what it is. And what a report opens: the trace, the files that ran, and where debug files are looked for; nothing else.
. tests/tap.sh
build=$PWD/build
include=$PWD/include
escape=$(printf '\033')
bell=$(printf '\007')
folder=$scratch/"dir${escape}]0;owned$bell<script>alert('x')&\"]]>"
executable="prog${escape}[31m<img src=x>%0A::error::\`id\`|\$(id)"
mkdir "$folder"

cat >"$scratch/evil.c" <<'END'
#include <stdlib.h>
#include "seep/seep.h"
__attribute__((noinline)) void *evil(void) { return malloc(1234); }
int main(void) { seep_mark("\033[2Jmark\"<b>\n::warning::x"); return evil() == 0; }
END
gcc -O0 -I"$include" -c -o "$scratch/evil.o" "$scratch/evil.c" &&
	objcopy --redefine-sym "evil=evil${escape}[2J$bell<b>&amp;\"'|\`x\`" "$scratch/evil.o" &&
	gcc -o "$folder/$executable" "$scratch/evil.o" || exit

trace=$scratch/trace.seep
"$build/seep" run -o "$trace" -- "$folder/$executable" || exit

# No control characters but tabs and line ends, and none of the C1 set in UTF-8; something was printed.
is_harmless() {
	[ -s "$1" ] && ! LC_ALL=C grep -n -a -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"
}

shown() {
	output=$scratch/output
	"$build/seep" "$@" "$trace" >"$output" 2>"$output.err"
	status=$?
	cat "$output.err" >>"$output"
	[ $status -le 1 ] && is_harmless "$output"
}

try "report" shown report
try "report --json" shown report --json
try "which is JSON, and names the function" jq -e 'any(.sites[].stack[].function // ""; test("^evil.*<b>"))' "$scratch/output"
try "report --folded" shown report --folded
try "info" shown info
try "suppress" shown suppress
try "gate" shown gate

gated() {
	rm -f "$scratch/gated"
	GITHUB_STEP_SUMMARY=$scratch/summary "$build/seep" gate "$@" "$trace" >"$scratch/output" 2>&1
	[ $? -eq 1 ] && is_harmless "$scratch/output" && { [ ! -e "$scratch/gated" ] || is_harmless "$scratch/gated"; }
}

try "gate --json" gated --json "$scratch/gated"
try "which is JSON" jq -e . "$scratch/gated"
try "gate --junit" gated --junit "$scratch/gated"
try "which is XML, with nothing of theirs in it" sh -c 'xmllint --noout "$1" && ! xmllint --xpath "//script | //img | //b" "$1" 2>/dev/null | grep .' sh "$scratch/gated"
try "gate --sarif" gated --sarif "$scratch/gated"
try "which is JSON" jq -e .runs "$scratch/gated"
try "gate --gitlab" gated --gitlab "$scratch/gated"
try "which is JSON" jq -e 'length > 0' "$scratch/gated"
try "gate --markdown" gated --markdown "$scratch/gated"
try "which has no markup of theirs" sh -c '! grep -E "<(script|img|b)[ >]" "$1"' sh "$scratch/gated"
try "gate --github" gated --github
try "no workflow command and no markup of theirs" sh -c '! grep -E "^::(error|warning)::" "$1" && ! grep -E "<(script|img|b)[ >]" "$2"' sh \
	"$scratch/output" "$scratch/summary"

# ---- What is opened ----

opened() {
	strace -f -qq -e trace=open,openat,openat2,creat -o "$scratch/strace" "$build/seep" report "$trace" >/dev/null 2>&1 || {
		grep -q . "$scratch/strace" || return 77
	}
	# The program's own loading, the system's tables, the trace, what ran, and the places of debug files.
	grep -v ENOENT "$scratch/strace" | sed -n 's/^[^"]*"\([^"]*\)".*/\1/p' | sort -u |
		grep -v -E '^(/etc/ld\.so|/lib/|/lib64/|/usr/lib|/proc/self/|/dev/null$|/usr/share/(locale|zoneinfo)|/etc/(localtime|terminfo))' |
		grep -v -F -e "$scratch" -e "$build" >"$scratch/else"
	cat "$scratch/else"
	! [ -s "$scratch/else" ]
}

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	try "a report opens nothing but the trace and the files that ran" opened
else
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - a report opens nothing but the trace and the files that ran # SKIP no strace, or it is not allowed"
fi
done_testing

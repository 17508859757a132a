# SPDX-License-Identifier: Apache-2.0
#
# Suppression files of the forms that public projects have, under seep, and under the tool that they are for: what is left has to
# be the same. The program forgets blocks of 1001, 1002, ... bytes, each in another way.
load support

setup_file() {
	export leaks=$BATS_FILE_TMPDIR/lsan/supp_leaks
	mkdir "$BATS_FILE_TMPDIR/lsan"
	cd "$BATS_TEST_DIRNAME/../.." || return
	g++ -g -O0 -fno-builtin -fsanitize=leak -o "$leaks" tests/programs/supp_leaks.cc -ldl
	gcc -g -O0 -fno-builtin -shared -fPIC -o "$BATS_FILE_TMPDIR/lsan/supp_leaks_third.so" tests/programs/supp_leaks_third.so.c
}

left_by_seep() {
	"$seep" gate --quiet --json gate.json --suppressions "$1" -- "$programs/supp_leaks" >/dev/null 2>seep.log || :
	jq -r '.sites[] | select(.fate == "leak").unfreed.bytes' gate.json | sort | tr '\n' ' '
}

left_by_lsan() {
	LSAN_OPTIONS=suppressions=$1:fast_unwind_on_malloc=0:exitcode=0 "$leaks" 2>&1 |
		sed -n 's/^\(Direct\|Indirect\) leak of \([0-9]*\) byte.*/\2/p' | sort | tr '\n' ' '
}

left_by_valgrind() {
	valgrind --leak-check=full --show-leak-kinds=all --num-callers=40 --suppressions="$1" "$programs/supp_leaks" 2>&1 |
		sed -n 's/^==[0-9]*== \([0-9,]*\) bytes in 1 blocks are .* lost in .*/\1/p' | tr -d , | sort | tr '\n' ' '
}

all="1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 "

# compare TOOL EXPECTED: the file on stdin leaves what is expected under the tool, and the same under seep.
compare() {
	local there here

	cat >x.supp
	there=$("left_by_$1" "$PWD/x.supp")
	here=$(left_by_seep x.supp)
	[ "$there" = "$2" ] && [ "$here" = "$2" ] || {
		printf 'file:\n%s\nexpected: %s\n%s: %s\nseep: %s\n' "$(cat x.supp)" "$2" "$1" "$there" "$here"
		return 1
	}
}

without() {
	local size rest=

	for size in $all; do
		[[ " $* " == *" $size "* ]] || rest="$rest$size "
	done
	echo "$rest"
}

@test "without suppressions all three see the same blocks" {
	echo "# nothing" | compare lsan "$all"
	echo "# nothing" >x.supp
	same "$(left_by_valgrind x.supp)" "$all"
}

@test "LeakSanitizer: functions, whole, in part and anchored" {
	compare lsan "$(without 1001)" <<<'leak:session_open'
	compare lsan "$(without 1001 1002 1003 1004)" <<<'leak:session_'
	compare lsan "$(without 1001 1002 1003 1004)" <<<'leak:^handle_request$'
	compare lsan "$all" <<<'leak:^request'
	compare lsan "$all" <<<'leak:^session$'
	compare lsan "$(without 1001)" <<<'leak:open$'
	compare lsan "$(without 1001 1002)" <<-'END'
		# two at once
		leak:ssion_o*n

		leak:^session*close$
	END
	compare lsan "" <<<'leak:main'
	compare lsan "$(without 1009)" <<<'leak:recurse'
}

@test "LeakSanitizer: C++ names" {
	compare lsan "$(without 1005)" <<<'leak:net::Session::Session'
	compare lsan "$(without 1005 1006)" <<<'leak:net::Session::'
	compare lsan "$(without 1006)" <<<'leak:reply(char const*)'
	compare lsan "$(without 1007)" <<<'leak:net::Box<*>::grow'
	compare lsan "$(without 1008)" <<<'leak:hidden'
	compare lsan "$(without 1005 1006 1007 1008)" <<<'leak:net::run()$'
	compare lsan "$(without 1005 1007)" <<<'leak:operator new[]'
	compare lsan "$(without 1005 1006 1007)" <<<'leak:operator new'
}

@test "LeakSanitizer: modules and files" {
	compare lsan "$(without 1010 1011)" <<<'leak:supp_leaks_third.so'
	compare lsan "$(without 1010 1011)" <<<'leak:leaks_third.so.c'
	compare lsan "$(without 1010 1011)" <<<'leak:*third.so$'
	compare lsan "" <<<'leak:libc.so.6'
	compare lsan "$all" <<<'leak:^supp_leaks'
	compare lsan "" <<<'leak:programs/supp_leaks.cc'
	compare lsan "$(without 1004)" <<<'leak:strdup'
	compare lsan "$(without 1002 1011)" <<<'leak:calloc'
}

entry() {
	printf '{\n   %s\n   Memcheck:Leak\n%s\n}\n' "a name" "$1"
}

@test "Valgrind: contexts, exact and with dots" {
	compare valgrind "$(without 1001)" <<-'END'
		{
		   session_open leaks
		   Memcheck:Leak
		   match-leak-kinds: definite
		   fun:malloc
		   fun:session_open
		   fun:handle_request
		   fun:main
		}
	END
	compare valgrind "$all" <<<"$(entry 'fun:malloc
fun:handle_request')"
	compare valgrind "$(without 1001 1002 1003 1004)" <<<"$(entry '...
fun:handle_request')"
	compare valgrind "$(without 1001 1004)" <<<"$(entry 'fun:malloc
...
fun:session_*
fun:handle_request')"
	compare valgrind "$(without 1009)" <<<"$(entry '...
fun:*recurse*
fun:*recurse*
...
fun:main')"
	compare valgrind "$all" <<<"$(entry '...
fun:main
fun:*recurse*')"
}

@test "Valgrind: which function allocated" {
	compare valgrind "$(without 1002)" <<<"$(entry 'fun:calloc
fun:session_close')"
	compare valgrind "$all" <<<"$(entry 'fun:calloc
fun:session_open')"
	compare valgrind "$(without 1003)" <<<"$(entry 'fun:realloc')"
	compare valgrind "$(without 1001 1002 1008 1009 1010 1011 1003)" <<<"$(entry 'fun:*alloc
fun:session_*')$(echo)
$(entry 'fun:*alloc
fun:_ZL7recursei')
$(entry 'fun:*alloc
fun:third_*')
$(entry 'fun:*alloc
fun:*hidden*')"
	compare valgrind "$(without 1005 1007)" <<<"$(entry 'fun:_Znam')"
	compare valgrind "$(without 1006)" <<<"$(entry 'fun:_Znwm')"
	compare valgrind "$(without 1004)" <<<"$(entry 'fun:malloc
fun:strdup
fun:session_name')"
}

@test "Valgrind: mangled names, objects and source lines" {
	line=$(grep -n 'malloc(1009)' "$repository/tests/programs/supp_leaks.cc" | cut -d: -f1)
	compare valgrind "$(without 1005)" <<<"$(entry '...
fun:_ZN3net7SessionC?Ev')"
	compare valgrind "$(without 1006)" <<<"$(entry '...
fun:_ZN3net7Session5replyEPKc')"
	compare valgrind "$(without 1007)" <<<"$(entry '...
fun:_ZN3net3BoxI*growEPi')"
	compare valgrind "$(without 1010 1011)" <<<"$(entry '...
obj:*/supp_leaks_third.so')"
	compare valgrind "$(without 1010)" <<<"$(entry 'fun:malloc
obj:*third.so
obj:*third.so
obj:*/supp_leaks')"
	compare valgrind "$all" <<<"$(entry '...
obj:supp_leaks_third.so')"
	compare valgrind "$(without 1009)" <<<"$(entry "fun:malloc
src:supp_leaks.cc:$line")"
	compare valgrind "$(without 1010 1011)" <<<"$(entry '...
src:supp_leaks_third.so.c')"
}

@test "Valgrind: entries for other errors and other tools are read over" {
	compare valgrind "$(without 1001)" <<-'END'
		# comments, and what is not about leaks
		{
		   <insert_a_suppression_name_here>
		   Memcheck:Cond
		   fun:session_close
		}
		{
		   param
		   Memcheck:Param
		   write(buf)
		   fun:session_close
		   ...
		}
		{
		   race
		   Helgrind:Race
		   fun:malloc
		}
		{
		   both
		   Helgrind,Memcheck:Leak
		   fun:malloc
		   fun:session_open
		}
	END
}

@test "what seep suppress writes, the tool that the form is of takes too" {
	"$seep" run -o t.seep -- "$programs/supp_leaks"
	"$seep" suppress --format valgrind -o v.supp t.seep
	compare valgrind "" <v.supp
	"$seep" suppress --format lsan -o l.supp t.seep
	compare lsan "" <l.supp
}

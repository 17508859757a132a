# SPDX-License-Identifier: Apache-2.0
#
# What the session server leaks, by valgrind's word: exactly the user data of each expired session and the form of each
# refused login, and the repaired twin nothing at all. This is the truth that seep's report of it is measured by.
load support
examples=$repository/build/examples

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." && mkdir -p build && flock build/examples.lock make -s -f examples/Makefile >&2
}

teardown() {
	[ -z "${valgrind_pid-}" ] || {
		kill -TERM "$valgrind_pid" 2>/dev/null || :
		wait "$valgrind_pid" || :
	}
}

# check SERVER [DRIVER'S OPTION...]: drives it under valgrind and stops it; valgrind's report is then in ./valgrind.
check() {
	valgrind --leak-check=full --show-leak-kinds=all --num-callers=40 --log-file=valgrind \
		"$examples/$1" --session-seconds 6 --port-file port 2>log 3>&- &
	valgrind_pid=$!
	"$examples/session-driver" --port-file port "${@:2}"
	kill -TERM "$valgrind_pid"
	wait "$valgrind_pid"
	valgrind_pid=
}

# "bytes blocks" of a line of the summary
summary() {
	sed -n "s/^==[0-9]*== *$1: \([0-9,]*\) bytes in \([0-9,]*\) blocks.*/\1 \2/p" valgrind | tr -d ,
}

# "bytes blocks" of all that is lost and was allocated by this function, itself or through the C library
lost_by() {
	perl -0777 -ne '
		BEGIN { $function = shift }
		for (split /^==\d+== *$/m) {
			my ($own, $count) = /^==\d+== (?:[\d,]+ \()?([\d,]+) (?:direct, \S+ indirect\) )?bytes in ([\d,]+) blocks are/m or next;
			my @path = grep { !/^(?:malloc|calloc|realloc|reallocarray|strdup|asprintf|__vasprintf_internal)$/ }
				/(?:at|by) 0x[0-9A-F]+: (\S+)/g;
			next if $path[0] ne $function;
			$bytes += $own =~ tr/,//dr;
			$blocks += $count =~ tr/,//dr;
		}
		END { print $bytes + 0, " ", $blocks + 0, "\n" }' "$1" valgrind
}

@test "the leaking server loses the data of each expired session and the form of each refused login" {
	expired=60 refused=25
	check session-server --abandon $expired --log-out 40 --refuse $refused --items 5

	# struct user_data: name and padding, five pointers, two counts, 32 visits, their count. A cart of 5 has room for 8.
	record=$((33 + 7 + 5 * 8 + 2 * 8 + 32 * (8 + 120) + 8))
	same "$(lost_by session_handle_login)" "$((expired * record)) $expired"
	same "$(lost_by grow_cart)" "$((expired * 8 * 60)) $expired"
	same "$(lost_by display_name)" "$((expired * 15)) $expired"
	same "$(lost_by email)" "$((expired * 28)) $expired"
	same "$(lost_by default_preferences)" "$((expired * 72)) $expired"
	# struct form, and "user=visitor-000000&password=a guess" with its NUL
	same "$(lost_by form_parse)" "$((refused * (8 + 8 + 16 * 16 + 37))) $((2 * refused))"

	set -- $(lost_by avatar)
	same "$2" $expired
	same "$(summary 'definitely lost' | cut -d' ' -f2)" $((expired + refused))
	same "$(summary 'indirectly lost' | cut -d' ' -f2)" $((5 * expired + refused))
	same "$(summary 'possibly lost')" "0 0"
	same "$(summary 'still reachable')" "0 0"
	same "$(grep -c 'Invalid\|uninitialised' valgrind)" 0
}

@test "the repaired twin loses nothing on the same way" {
	check session-server-fixed --abandon 60 --log-out 40 --refuse 25 --items 5
	grep -q 'All heap blocks were freed -- no leaks are possible' valgrind
	grep -q 'ERROR SUMMARY: 0 errors' valgrind
}

@test "neither twin loses anything when every visitor logs out and no login is refused" {
	for twin in session-server session-server-fixed; do
		check $twin --abandon 0 --log-out 80 --refuse 0
		grep -q 'All heap blocks were freed -- no leaks are possible' valgrind
		rm port
	done
}

@test "sessions that are open at the end are no leak" {
	valgrind --leak-check=full --log-file=valgrind "$examples/session-server" --port-file port 2>log 3>&- &
	valgrind_pid=$!
	try "$examples/session-driver" --port-file port --abandon 20 --log-out 0 --refuse 0 --patience 1
	exits 1
	[[ $err == *"the server counts 20 open sessions, expected were 0"* ]]
	kill -TERM "$valgrind_pid"
	wait "$valgrind_pid"
	valgrind_pid=
	grep -q 'stopping, 20 sessions are open' log
	grep -q 'All heap blocks were freed -- no leaks are possible' valgrind
}

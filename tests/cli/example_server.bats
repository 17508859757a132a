# SPDX-License-Identifier: Apache-2.0
#
# The session server of examples/ as a web service: what its pages do, what it refuses, how it starts and ends. Both
# twins serve alike.
load support
examples=$repository/build/examples

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." && mkdir -p build && flock build/examples.lock make -s -f examples/Makefile >&2
}

teardown() {
	[ -z "${server_pid-}" ] || {
		kill -TERM "$server_pid" 2>/dev/null || :
		wait "$server_pid" || :
	}
}

# serve SERVER [OPTION...]: starts it and waits until it listens.
serve() {
	local i

	"$examples/$1" --port-file port "${@:2}" 2>log 3>&- &
	server_pid=$!
	for i in $(seq 300); do
		[ ! -s port ] || break
		sleep 0.1
	done
	port=$(cat port)
}

# ask METHOD PATH [FORM]: the answer's $code, $headers and $body. Sends the cookie in $cookie and keeps the one it gets.
ask() {
	local answer connection form=${3-}

	exec {connection}<>"/dev/tcp/127.0.0.1/$port"
	printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n%s' \
		"$1" "$2" "${cookie-}" "${#form}" "$form" >&"$connection"
	answer=$(tr -d '\r' <&"$connection")
	exec {connection}<&-
	headers=${answer%%$'\n\n'*}
	body=${answer#"$headers"}
	body=${body#$'\n\n'}
	code=$(printf '%s\n' "$headers" | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p')
	case $headers in
	*"Set-Cookie: "*) cookie=$(printf '%s\n' "$headers" | sed -n 's/^Set-Cookie: \([^;]*\).*/\1/p') ;;
	esac
}

answers() {
	[ "$code" = "$1" ] || {
		printf 'answered with %s instead of %s\n%s\n%s\n' "$code" "$1" "$headers" "$body"
		return 1
	}
}

# The value of a line of /stats.
stat() {
	ask GET /stats
	printf '%s\n' "$body" | sed -n "s/^$1 //p"
}

@test "the examples build without a warning, by gcc and by clang" {
	cd "$repository"
	for compiler in gcc clang; do
		make -s -f examples/Makefile BUILD="$BATS_TEST_TMPDIR/$compiler" CC="$compiler" WERROR=1
	done
}

@test "a visit: log in, look, change, log out" {
	for twin in session-server session-server-fixed; do
		serve "$twin"
		ask POST /login 'user=ada-lovelace&password=secret'
		answers 204
		[[ $cookie =~ ^session=[0-9a-f]{32}$ ]]
		printf '%s\n' "$headers" | grep -q 'HttpOnly; SameSite=Lax'

		ask GET /dashboard
		answers 200
		grep -q '<h1>Hello, Ada Lovelace</h1>' <<<"$body"

		ask POST /data 'item=green+tea&quantity=2'
		answers 200
		ask POST /data 'item=green+tea&theme=dark'
		answers 200
		ask GET /data
		answers 200
		same "$body" "user ada-lovelace
display-name Ada Lovelace
email ada-lovelace@shop.example
theme dark
language en
timezone UTC
items-a-page 25
newsletter no
cart 3 green tea"

		visitor=$cookie
		ask POST /logout
		answers 204
		same "$cookie" "session="
		cookie=$visitor
		ask GET /dashboard
		answers 401
		kill -TERM "$server_pid"
		wait "$server_pid"
		rm port
		server_pid=
		cookie=
	done
}

@test "two users see their own data only" {
	serve session-server-fixed
	ask POST /login 'user=one&password=secret'
	one=$cookie
	ask POST /login 'user=two&password=secret'
	[ "$cookie" != "$one" ]
	ask POST /data 'item=shoes'
	cookie=$one
	ask GET /data
	grep -q '^user one$' <<<"$body"
	same "$(grep -c '^cart' <<<"$body")" 0
}

@test "what a user types does not become markup" {
	serve session-server-fixed
	ask POST /login 'user=eve&password=secret'
	ask POST /data 'item=%3Cscript%3E%22%26%22'
	answers 200
	ask GET /dashboard
	grep -q 'times; &lt;script&gt;&quot;&amp;&quot;</li>' <<<"$body"
	same "$(grep -c '<script>' <<<"$body")" 0
}

@test "a login without user, without password, with a wrong one or with a bad name is refused" {
	serve session-server-fixed --password 'open sesame'
	ask POST /login 'password=open+sesame'
	answers 400
	ask POST /login 'user=ali'
	answers 400
	ask POST /login
	answers 400
	for form in 'user=ali&password=' 'user=ali&password=open+sesam' 'user=ali&password=open+sesameopen+sesame' \
		'user=&password=open+sesame' 'user=a%2Fb&password=open+sesame' \
		'user=aaaaaaaaaabbbbbbbbbbccccccccccddd&password=open+sesame'; do
		ask POST /login "$form"
		answers 403
	done
	same "$(stat logins_refused_total)" 6
	same "$(stat logins_total)" 0
	ask POST /login 'user=ali&password=open%20sesame'
	answers 204
}

@test "changes that make no sense are refused and change nothing" {
	serve session-server-fixed
	ask POST /login 'user=ali&password=secret'
	ask GET /data
	before=$body
	for form in '' 'theme=pink' 'item=' 'item=x&quantity=0' 'item=x&quantity=-1' 'item=x&quantity=1001' \
		'item=x&quantity=2x' 'nothing=here' "item=$(printf '%056d' 1)" \
		'a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10&k=11&l=12&m=13&n=14&o=15&p=16&item=x'; do
		ask POST /data "$form"
		answers 400
	done
	ask GET /data
	same "$body" "$before"
	ask POST /data "item=$(printf '%055d' 1)"
	answers 200
}

@test "requests without a session, for no page, with a wrong method or too large" {
	serve session-server-fixed
	for cookie in '' 'session=' 'session=00000000000000000000000000000000'; do
		for page in 'GET /dashboard' 'GET /data' 'POST /data' 'POST /logout'; do
			# shellcheck disable=SC2086 # two words
			ask $page
			answers 401
		done
	done
	ask GET /nowhere
	answers 404
	ask POST /dashboard
	answers 405
	ask GET /login
	answers 405
	ask POST /login "user=$(printf '%016384d' 0)"
	answers 413
	ask GET /health
	answers 200
	same "$body" ok
}

@test "a session that is not used expires, and one that is used does not" {
	serve session-server-fixed --session-seconds 5
	ask POST /login 'user=idle&password=secret'
	idle=$cookie
	ask POST /login 'user=busy&password=secret'
	for i in $(seq 300); do
		ask GET /data
		[ "$(stat sessions_expired_total)" = 0 ] || break
		sleep 0.1
	done
	same "$(stat sessions_expired_total)" 1
	ask GET /data
	answers 200
	same "$(stat sessions_open)" 1
	cookie=$idle
	ask GET /data
	answers 401
}

@test "SIGTERM and SIGINT end it with 0, with sessions open" {
	for signal in TERM INT; do
		set -m
		serve session-server-fixed
		set +m
		ask POST /login 'user=ali&password=secret'
		kill -"$signal" "$server_pid"
		wait "$server_pid"
		server_pid=
		grep -q 'stopping, 1 sessions are open' log
		rm port
	done
}

@test "it says what is wrong with its options, its port and its files" {
	try "$examples/session-server" --port 70000
	exits 2
	same "$err" "session-server: 70000 is not a number from 0 to 65535"
	try "$examples/session-server" --session-seconds 0
	exits 2
	try "$examples/session-server" surplus
	exits 2
	try "$examples/session-server" --help
	exits 0

	serve session-server-fixed
	try "$examples/session-server" --port "$port"
	exits 1
	[[ $err == *"cannot listen on 127.0.0.1:$port: Address already in use"* ]]
	try "$examples/session-server" --pid-file /nonexistent/pid
	exits 1
	[[ $err == *"cannot write /nonexistent/pid: No such file or directory"* ]]
}

@test "the driver notices every answer that it did not expect" {
	serve session-server-fixed --session-seconds 4
	try "$examples/session-driver" --port "$port" --password wrong
	exits 1
	same "$out" ""
	[[ $err == *"POST /login was answered with 403, expected was 204"* ]]

	try "$examples/session-driver" --port "$port" --abandon 3 --log-out 2 --refuse 0
	exits 1
	[[ $err == *"refused logins, expected were 0"* ]]
	try "$examples/session-driver" --port 1 --abandon 1
	exits 1
	[[ $err == *"no connection to port 1"* ]]
}

@test "the driver leaves behind what it says" {
	serve session-server-fixed --session-seconds 4
	try "$examples/session-driver" --port-file port --abandon 41 --log-out 17 --refuse 5 --items 3 --threads 3 --seconds 1
	exits 0
	same "$err" ""
	same "$out" "sessions_expired 41
sessions_logged_out 17
logins_refused 5
items_in_each_cart 3"
	same "$(stat sessions_expired_total)" 41
	same "$(stat logouts_total)" 17
	same "$(stat logins_refused_total)" 5
	same "$(stat logins_total)" 58
	same "$(stat sessions_open)" 0
}

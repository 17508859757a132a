#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Traces a web service that leaks, and prints the report that names the leak. Installs what is missing on Debian 12 (with
# root or sudo), builds, and takes some fifteen seconds after that. examples/README.md tells the story.
#   sh examples/demo.sh [--fixed] [--keep FOLDER]
set -eu

say_usage() {
	cat <<-'END'
		usage: sh examples/demo.sh [--fixed] [--keep FOLDER]
		  --fixed         trace the repaired server instead of the leaking one
		  --keep FOLDER   leave the trace, the server's log and the driver's figures there
	END
}

stop() {
	echo "demo: $*" >&2
	exit 1
}

server=session-server
keep=
while [ $# -gt 0 ]; do
	case $1 in
	--fixed) server=session-server-fixed ;;
	--keep)
		[ -n "${2-}" ] || { say_usage >&2; exit 2; }
		mkdir -p -- "$2"
		keep=$(cd -- "$2" && pwd)
		shift
		;;
	--help) say_usage; exit 0 ;;
	*) say_usage >&2; exit 2 ;;
	esac
	shift
done

cd "$(dirname "$0")/.."
. tests/setup.sh
setup build demo

folder=$keep
[ -n "$folder" ] || folder=$(mktemp -d)
run=

# Only what this script started: the server, whose process id it wrote down itself, or `seep run` where it got no further.
finish() {
	if [ -n "$run" ]; then
		kill -TERM "$(cat "$folder/pid" 2>/dev/null || echo "$run")" 2>/dev/null || :
		wait "$run" || :
	fi
	[ -n "$keep" ] || rm -rf "$folder"
	setup_undo
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Locked, because the tests build the examples too, and run beside each other.
echo "demo: building"
{ make -j "$(nproc)" all && flock build/examples.lock make -f examples/Makefile; } >"$folder/build.log" 2>&1 || {
	cat "$folder/build.log" >&2
	stop "the build failed; see above"
}

trace=$folder/$server.seep
rm -f "$folder/pid" "$folder/port" "$trace"
echo "demo: build/seep run -o $server.seep -- $server --session-seconds 3, and 1500 visits in 10 seconds:"
build/seep run -o "$trace" -- "build/examples/$server" --session-seconds 3 \
	--port-file "$folder/port" --pid-file "$folder/pid" 2>"$folder/server.log" &
run=$!
build/examples/session-driver --port-file "$folder/port" --abandon 1000 --log-out 400 --refuse 100 --seconds 10 --progress \
	>"$folder/driver.txt" || {
	cat "$folder/server.log" >&2
	stop "the load did not go as it should; above is what the driver and the server say"
}

kill -TERM "$(cat "$folder/pid")"
status=0
wait "$run" || status=$?
run=
[ "$status" = 0 ] || {
	cat "$folder/server.log" >&2
	stop "the server ended with $status instead of 0; above is its log"
}

echo
echo "demo: all sessions are over, the server has stopped, and this is what the driver knows:"
sed 's/^/    /' "$folder/driver.txt"
echo
echo "demo: build/seep report --components examples/session-server/seep.components $server.seep"
echo
build/seep report --components examples/session-server/seep.components "$trace"
[ -z "$keep" ] || echo "demo: the trace is $trace"

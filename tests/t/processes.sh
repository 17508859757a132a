# SPDX-License-Identifier: Apache-2.0
#
# Servers that fork their workers, namespaces, hundreds of short processes, several recorders, and places that are lost or full: what
# takes more than one program with known truth to show. What needs root or a server that is not installed is skipped.
. tests/tap.sh
. tests/finished.sh
build=$PWD/build
programs=$build/tests/programs
seep=$build/seep

skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

json() { # json TRACE FILTER: true
	"$seep" report --json "$1" >"$scratch/report" && jq -e "$2" "$scratch/report" >/dev/null || {
		jq -c '[.trace.end, .trace.complete, .trace.remarks, .totals]' "$scratch/report"
		return 1
	}
}

leak_37='.trace.complete and ([.sites[] | select(.unfreed_count == 37 and .unfreed_bytes == 44400)] | length) == 1'

# No collector of ours runs any more.
no_collector() {
	tries=0
	while grep -lsz "^SEEP_OUTPUT=$scratch" /proc/[0-9]*/environ | cut -d / -f 3 | while read -r process; do
		readlink "/proc/$process/exe"
	done | grep seep-collector; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return
		sleep 0.1
	done
}

# ---- Servers ----

port=$((20000 + $$ % 20000))
mkdir "$scratch/www"
echo found >"$scratch/www/index.html"
chmod 755 "$scratch"

requests() { # requests N: one connection each
	perl -MIO::Socket::INET -e '
		for (1 .. $ARGV[1]) {
			my ($s, $tries);
			until ($s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]")) { die "no answer" if ++$tries > 100; select(undef, undef, undef, 0.1) }
			print $s "GET / HTTP/1.0\r\n\r\n";
			my $answer = join "", <$s>;
			$answer =~ /^HTTP\S+ 200 .*found/s or die "not found: $answer";
		}' "$port" "$1"
}

# server NAME COMMAND...: 40 requests, and the workers' traces name what each of them cost.
server() {
	name=$1
	shift
	mkdir "$scratch/$name"
	# In a session of its own: apache2 ends with its whole process group.
	LD_PRELOAD=$programs/leaking_accept.so setsid "$seep" run -o "$scratch/$name/%p.seep" -- "$@" >"$scratch/$name.said" 2>&1 &
	recorder=$!
	requests 40 || return
	kill "$(cat "$scratch/$name.pid")"
	wait $recorder
	status=$?
	finished "$scratch/$name"/*.seep
	cat "$scratch/$name.said"
	leaks=0
	for trace in "$scratch/$name"/*.seep; do
		[ "$(stat -c %a:%u "$trace")" = "600:$(id -u)" ] || return
		json "$trace" .trace.complete || return
		leaks=$((leaks + $(jq '[.sites[] | select(.stack[0].function == "accept4" and .unfreed_bytes == 777 * .unfreed_count) | .unfreed_count] | add // 0' \
			"$scratch/report")))
	done
	echo "status $status, $leaks leaks in $(ls "$scratch/$name" | wc -l) processes"
	[ $status -eq 0 ] && [ $leaks -ge 40 ] && [ $leaks -le 50 ] && [ "$(ls "$scratch/$name" | wc -l)" -ge 3 ]
}

cat >"$scratch/nginx.conf" <<END
daemon off;
worker_processes 2;
pid $scratch/nginx.pid;
error_log $scratch/nginx.log warn;
events { worker_connections 64; }
http {
	access_log off;
	server { listen 127.0.0.1:$port; root $scratch/www; }
}
END
cat >"$scratch/apache.conf" <<END
ServerName localhost
ServerRoot $scratch
PidFile $scratch/apache.pid
Listen 127.0.0.1:$port
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
StartServers 3
MinSpareServers 3
DocumentRoot $scratch/www
DirectoryIndex index.html
ErrorLog $scratch/apache.log
$([ "$(id -u)" -ne 0 ] || printf 'User www-data\nGroup www-data\n')
END

PATH=$PATH:/usr/sbin
if command -v nginx >/dev/null; then
	try "nginx: the leaks of its workers, which run as another user, are named" server nginx nginx -p "$scratch" -c "$scratch/nginx.conf"
else
	skip "nginx" "not installed"
fi
if [ -e /usr/lib/apache2/modules/mod_mpm_prefork.so ] && command -v apache2 >/dev/null; then
	try "apache2 with mpm_prefork: the leaks of its workers are named" server apache apache2 -f "$scratch/apache.conf" -D FOREGROUND
else
	skip "apache2" "not installed"
fi

# ---- Namespaces ----

first_of_namespace() {
	rm -f "$scratch"/*.seep
	unshare --pid --fork --mount-proc "$seep" run -o "$scratch/one.seep" -- "$programs/leak_37" && json "$scratch/one.seep" "$leak_37"
}

if unshare --pid --fork --mount-proc true 2>/dev/null; then
	try "seep run as process 1 of a pid namespace" first_of_namespace
else
	skip "seep run as process 1 of a pid namespace" "not allowed"
fi

# ---- Many, and several recorders ----

many() {
	mkdir "$scratch/many" "$scratch/built"
	{
		echo 'all: $(addprefix t,$(shell seq 150))'
		printf 't%%:\n\t@%s >built/$@; cat built/$@ >/dev/null\n' "$programs/hello"
	} >"$scratch/Makefile"
	(cd "$scratch" && "$seep" run -o "$scratch/many/%e.%p.seep" -- make -s -j 8 all) || return
	count=$(ls "$scratch/many" | wc -l)
	ls "$scratch/built" | wc -l
	echo "$count traces"
	# make, its seq, and for each target a shell, hello and cat; nothing else is left in the folder.
	[ "$count" -eq 452 ] && [ "$(ls "$scratch/many"/hello.*.seep | wc -l)" -eq 150 ] && [ "$(ls "$scratch/built" | wc -l)" -eq 150 ] || return
	for trace in "$scratch/many"/*.seep; do
		"$seep" info "$trace" | grep -q '^complete  *yes' || {
			"$seep" info "$trace"
			return 1
		}
	done
}

recorders_at_once() {
	rm -f "$scratch"/*.seep
	jobs=
	for i in 1 2 3 4 5 6 7 8; do
		"$seep" run -o "$scratch/same.seep" -- "$programs/leak_37" &
		jobs="$jobs $!"
	done
	for job in $jobs; do wait "$job" || return; done
	[ "$(ls "$scratch"/same*.seep | wc -l)" -ge 1 ] || return
	for trace in "$scratch"/same*.seep; do json "$trace" "$leak_37" || return; done
}

recorder_in_recorder() {
	rm -f "$scratch"/*.seep
	"$seep" run -o "$scratch/outer-%e.seep" -- "$seep" run -o "$scratch/inner-%e.seep" -- "$programs/leak_37" &&
		json "$scratch/inner-leak_37.seep" "$leak_37" && [ ! -e "$scratch/outer-leak_37.seep" ]
}

sanitised() {
	rm -f "$scratch"/*.seep
	"$seep" run -o "$scratch/%e.seep" -- env -i "$programs/leak_37" && [ -e "$scratch/env.seep" ] && [ ! -e "$scratch/leak_37.seep" ] &&
		json "$scratch/env.seep" '.trace.complete and .trace.end == "exited"'
}

# A child that must not ask is not recorded, but somebody says so.
filtered_child() {
	"$seep" run -o "$scratch/filtered.seep" -- "$programs/seccomp_filter_syscall" || return
	json "$scratch/filtered.seep" '.trace.remarks | any(test("1 forked children were not recorded, because a seccomp filter"))'
}

try "make, and 450 short processes of it" many
try "eight recorders at once, with one name for all" recorders_at_once
try "a recorder in a recorder: the inner one records" recorder_in_recorder
try "a program whose environment is emptied before it starts runs untraced, and ends the trace of who did that" sanitised
try "a forked child that a seccomp filter keeps from asking is not recorded, and told of" filtered_child
try "no collector is left" no_collector

# ---- Places ----

folder_gone() {
	mkdir "$scratch/gone"
	"$seep" run -o "$scratch/gone/t.seep" -- sh -c "rm -r '$scratch/gone'; '$programs/leak_37'" >"$scratch/said" 2>&1
	status=$?
	cat "$scratch/said"
	[ $status -eq "$("$programs/leak_37" >/dev/null 2>&1; echo $?)" ] && grep -q "cannot create the trace $scratch/gone/t" "$scratch/said"
}

# in_small_place SIZE COMMAND...: with a file system of that size at $scratch/small
small_disk() {
	mkdir -p "$scratch/small"
	unshare --mount sh -c '
		mount -t tmpfs -o size=16k none "$1/small" || exit
		"$2" run --epoch=2 -o "$1/small/t.seep" -- "$3" >"$1/said" 2>&1
		echo $? >"$1/status"
		cp "$1/small/t.seep" "$1/full.seep"' sh "$scratch" "$seep" "$programs/many_stacks"
	cat "$scratch/said" "$scratch/status"
	[ "$(cat "$scratch/status")" -eq 0 ] && grep -q 'No space left on device' "$scratch/said" &&
		json "$scratch/full.seep" '(.trace.complete | not) or .trace.end == "running"'
}

small_shm() {
	rm -f "$scratch"/*.seep
	unshare --mount sh -c 'mount -t tmpfs -o size=64k none /dev/shm && exec "$2" run -o "$1/shm.seep" -- "$3"' sh "$scratch" "$seep" "$programs/leak_37" &&
		json "$scratch/shm.seep" "$leak_37"
}

clock_steps() {
	rm -f "$scratch"/*.seep
	printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$programs/clock_steps.so" "$build/seep-collector" >"$scratch/collector"
	chmod +x "$scratch/collector"
	SEEP_COLLECTOR=$scratch/collector SEEP_EPOCH=10 SEEP_OUTPUT=$scratch/clock.seep LD_PRELOAD=$build/libseep.so "$programs/leak_37" &&
		finished "$scratch/clock.seep" && json "$scratch/clock.seep" "$leak_37 and .trace.duration_seconds < 100"
}

try "the folder of the traces is removed meanwhile: who is started then is told of, and runs" folder_gone
if unshare --mount true 2>/dev/null; then
	try "the disk is full: the program goes on, and the trace says that its end is missing" small_disk
	try "a /dev/shm of 64 KiB" small_shm
else
	skip "a full disk, a small /dev/shm" "not allowed"
fi
try "the wall clock steps to and fro by days" clock_steps
done_testing

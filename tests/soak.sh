# SPDX-License-Identifier: Apache-2.0
#
# A redis and a nginx under load for a long time, both traced: no request fails, the memory of the servers and of their collectors is flat
# after a warm-up, and the traces grow as docs/GUARANTEES.md says. Loopback and unix sockets only.
#   [SOAK_OPTIONS=--durable] sh tests/soak.sh [SECONDS]      default: 600; options are for seep run. It needs redis-server, redis-tools, nginx-light, wrk and jq.
# Prints a line every tenth of the time and what is wrong; exit status 1 then. Not part of the suite.
set -u
seconds=${1-600}
seep=$PWD/build/seep
work=$(mktemp -d)
chmod 755 "$work"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mkdir "$work/www"
head -c 10000 /dev/zero | tr '\0' x >"$work/www/index.html"
port=$((20000 + $$ % 20000))
cat >"$work/nginx.conf" <<END
daemon off;
worker_processes 2;
pid $work/nginx.pid;
error_log $work/nginx.log warn;
events { worker_connections 256; }
http {
	access_log off;
	gzip on;
	server { listen 127.0.0.1:$port; root $work/www; }
}
END

stop() {
	for server in redis nginx; do
		[ ! -s "$work/$server.pid" ] || kill "$(cat "$work/$server.pid")" 2>/dev/null
	done
	wait
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC2086 # one word an option
"$seep" run ${SOAK_OPTIONS-} -o "$work/redis.seep" -- redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --pidfile "$work/redis.pid" \
	--daemonize no --loglevel warning &
# shellcheck disable=SC2086 # the same
"$seep" run ${SOAK_OPTIONS-} -o "$work/nginx-%p.seep" -- nginx -p "$work" -c "$work/nginx.conf" &
until redis-cli -s "$work/redis.sock" ping >/dev/null 2>&1 && [ -s "$work/nginx.pid" ] && [ "$(ls "$work"/nginx-*.seep | wc -l)" -ge 3 ]; do
	sleep 0.2
done

# The load: until the file `over` is there. Nothing that grows by itself, such as lists: the memory of redis would depend on the moment.
(
	rounds=0
	while [ ! -e "$work/over" ]; do
		redis-benchmark -s "$work/redis.sock" -q -t set,get,hset,incr -P 16 -r 50000 -d 64 -n 50000 --csv >>"$work/redis.load" 2>&1 ||
			echo "redis-benchmark failed" >>"$work/wrong"
		rounds=$((rounds + 1))
	done
	echo $rounds >"$work/redis.rounds"
) &
(wrk -t 2 -c 50 -d "$seconds" -H 'Accept-Encoding: gzip' "http://127.0.0.1:$port/" >"$work/nginx.load" 2>&1) &

# rss PID...: KiB in all
rss() {
	for process in "$@"; do
		sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$process/status" 2>/dev/null
	done | awk '{ sum += $1 } END { print sum + 0 }'
}

collectors() { # of whose traces' names begin with $1
	for descriptor in /proc/[0-9]*/fd/*; do
		case $(readlink "$descriptor" 2>/dev/null) in "$work/$1"*.seep)
			process=${descriptor#/proc/}
			echo "${process%%/*}"
			;;
		esac
	done | sort -u
}

children() {
	grep -l "^PPid:	$1\$" /proc/[0-9]*/status 2>/dev/null | cut -d / -f 3
}

measure() {
	master=$(cat "$work/nginx.pid")
	# shellcheck disable=SC2046 # one word each
	echo "$(rss $(cat "$work/redis.pid")) $(rss "$master" $(children "$master")) $(rss $(collectors redis)) $(rss $(collectors nginx)) $(stat -c %s "$work/redis.seep") $(cat "$work"/nginx-*.seep | wc -c)"
}

echo "seconds | RSS, KiB: redis nginx redis' collector nginx' collectors | traces, bytes: redis nginx"
for tenth in 1 2 3 4 5 6 7 8 9 10; do
	sleep $((seconds / 10))
	now=$(measure)
	echo "$((tenth * seconds / 10)) | $now"
	echo "$now" >>"$work/measured"
done
: >"$work/over"
until [ -s "$work/redis.rounds" ]; do sleep 0.2; done

# Flat: what is highest in the second half is no more than the highest between a fifth and a half, a tenth, and 1 MiB.
awk 'BEGIN { split("redis,nginx,the collector of redis,the collectors of nginx", what, ",") }
	{ for (i = 1; i <= 4; i++) if (NR > 5) { if ($i > late[i]) late[i] = $i } else if (NR > 1 && $i > early[i]) early[i] = $i }
	END { for (i = 1; i <= 4; i++) if (late[i] == 0 || late[i] > early[i] * 1.1 + 1024)
		print what[i] ": " early[i] " KiB in the first half, " late[i] " KiB in the second" }' "$work/measured" >>"$work/wrong"
grep -E 'Non-2xx|Socket errors' "$work/nginx.load" >>"$work/wrong"
grep -i error "$work/redis.load" >>"$work/wrong"
echo "redis: $(cat "$work/redis.rounds") rounds of 200,000 requests; nginx: $(sed -n 's/^ *\([0-9]* requests in .*\)/\1/p' "$work/nginx.load")"
redis-cli -s "$work/redis.sock" shutdown nosave
kill "$(cat "$work/nginx.pid")"
sleep 3
for trace in "$work"/*.seep; do
	"$seep" report --json "$trace" >"$work/report" || echo "$trace does not open" >>"$work/wrong"
	jq -r '"\(.trace.command | join(" ")[:40]): \(.totals.allocations) allocations, complete: \(.trace.complete), unknown frees: \(.totals.unknown_frees), unfreed at the end: \(.totals.unfreed_bytes)"' "$work/report"
	jq -e '.trace.complete and .totals.unknown_frees == 0' "$work/report" >/dev/null || echo "$trace is not complete" >>"$work/wrong"
done
if [ -s "$work/wrong" ]; then
	cat "$work/wrong"
	exit 1
fi

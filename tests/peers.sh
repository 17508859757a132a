# SPDX-License-Identifier: Apache-2.0
#
# Programs of Debian, counted by seep and by tests/tally.c in the same run, and by valgrind where two runs are alike. Prints a
# row of docs/PEERS.md for each; exit status 1 and a line on stderr where anything differs. In the root of the repository:
#   sh tests/peers.sh all|NAME...
# It needs the packages of the programs named. Servers listen on unix sockets and free loopback ports.
set -u
all='sqlite3 perl git python3 cc1 openssl redis-server nginx lighttpd'
[ "${1-}" = all ] && set -- $all
for variable in $(env | sed -n 's/^\(SEEP_[A-Z_]*\)=.*/\1/p'); do
	unset "$variable"
done
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH PERL_HASH_SEED=0 PYTHONHASHSEED=0
. tests/finished.sh
build=$PWD/build
work=$(mktemp -d)
server=
# shellcheck disable=SC2086 # nothing, or one number
trap '[ -z "$server" ] || kill $server; rm -rf "$work"' EXIT
gcc -O2 -g -std=gnu11 -D_GNU_SOURCE -shared -fPIC -fno-builtin -o "$work/tally.so" tests/tally.c || exit

cat >"$work/table.sql" <<'END'
create table t(a integer primary key, b text);
with recursive c(x) as (select 1 union all select x + 1 from c where x < 2000) insert into t select x, hex(x * 7) from c;
create index i on t(b);
select count(*), sum(a), max(b) from t where b > '3';
END
printf 'import json\nd = {str(i): list(range(i %% 50)) for i in range(2000)}\nprint(len(json.dumps(json.loads(json.dumps(d)))))\n' >"$work/work.py"
printf 'my %%h; $h{$_ %% 1000} .= "x$_" for 1 .. 50000; print join(",", map { length $h{$_} } sort keys %%h), "\\n";\n' >"$work/work.pl"
gcc -E -std=gnu11 -D_GNU_SOURCE -Iinclude -o "$work/source.i" collector/books.c || exit
command -v git >/dev/null && git init -q "$work/repository" && for i in 1 2 3 4 5 6 7 8; do
	seq "$i" 300 >"$work/repository/file$i"
	git -C "$work/repository" add . && git -C "$work/repository" -c user.name=a -c user.email=a@b commit -q -m "$i"
done

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# run HOW NAME: stdout, stderr and the exit status go to $work/HOW.NAME.*
run() {
	how=$1
	name=$2
	case $name in
	sqlite3) set -- sqlite3 -init "$work/table.sql" :memory: 'select count(*) from t;' ;;
	perl) set -- perl "$work/work.pl" ;;
	git) set -- git -C "$work/repository" --no-pager log -p --stat ;;
	python3) set -- python3 -I "$work/work.py" ;;
	cc1) set -- "$(gcc -print-prog-name=cc1)" -quiet -O2 -fpreprocessed "$work/source.i" -o - ;;
	openssl) set -- openssl x509 -in "$work/certificate" -noout -text ;;
	redis-server) set -- redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --loglevel warning --dir "$work" ;;
	nginx) set -- nginx -p "$work" -e "$work/nginx.log" -c "$work/nginx.conf" ;;
	lighttpd) set -- lighttpd -D -f "$work/lighttpd.conf" ;;
	esac
	case $how in
	untraced) set -- env "$@" ;;
	traced)
		set -- env LD_PRELOAD="$work/tally.so $build/libseep.so" TALLY="$work/tally.$name" \
			SEEP_OUTPUT="$work/trace.$name.%p.%e.seep" "$@"
		;;
	valgrind)
		# With the variables of the traced run, as perl and python copy their environment.
		set -- env TALLY="$work/tally.$name" SEEP_OUTPUT="$work/trace.$name.%p.%e.seep" valgrind --run-libc-freeres=no --run-cxx-freeres=no --leak-check=no \
			--log-file="$work/valgrind.$name" "$@"
		;;
	esac
	"$@" </dev/null >"$work/$how.$name.stdout" 2>"$work/$how.$name.stderr" &
	server=$!
	drive "$name" >"$work/$how.$name.driver" 2>&1 || { echo "$name: the driver failed" >&2 && cat "$work/$how.$name.driver" >&2; }
	wait $server
	echo $? >"$work/$how.$name.status"
	server=
}

# Until the server answers, then the load, then the signal by which it ends orderly.
drive() {
	tries=0
	case $1 in
	redis-server)
		until redis-cli -s "$work/redis.sock" ping; do sleep 0.1 && tries=$((tries + 1)) && [ $tries -lt 100 ] || return; done
		redis-benchmark -s "$work/redis.sock" -t set,lpush,hset -n 20000 -P 8 -r 5000 -q
		kill $server
		;;
	nginx | lighttpd)
		until perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new("127.0.0.1:'"$port"'")'; do
			sleep 0.1 && tries=$((tries + 1)) && [ $tries -lt 100 ] || return
		done
		wrk -t 1 -c 16 -d 2s "http://127.0.0.1:$port/source.i"
		if [ "$1" = nginx ]; then kill -s QUIT $server; else kill -s INT $server; fi
		;;
	esac
}

configure() {
	port=$(free_port)
	case $1 in
	nginx)
		cat >"$work/nginx.conf" <<-END
			daemon off; worker_processes 2; pid $work/nginx.pid; $([ "$(id -u)" != 0 ] || echo 'user root;')
			events { worker_connections 64; }
			http { access_log off; client_body_temp_path $work/body; proxy_temp_path $work/p; fastcgi_temp_path $work/f;
			uwsgi_temp_path $work/u; scgi_temp_path $work/s; server { listen 127.0.0.1:$port; root $work; } }
		END
		;;
	lighttpd)
		printf 'server.document-root = "%s"\nserver.port = %s\nserver.bind = "127.0.0.1"\n' "$work" "$port" \
			>"$work/lighttpd.conf"
		;;
	openssl)
		openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=seep -out "$work/certificate" 2>/dev/null
		;;
	esac
}

echo '| program | processes | allocations by seep | by tally | unfreed blocks by seep | by tally | bytes by seep | by tally | valgrind, in a run of its own | output and status unchanged |'
echo '|---|---|---|---|---|---|---|---|---|---|'
broken=0
differs() {
	echo "$name: $*" >&2
	broken=1
}

for name in "$@"; do
	configure "$name"
	compared=yes
	case $name in
	redis-server | nginx | lighttpd) compared='a server' ;;
	*)
		run untraced "$name"
		;;
	esac
	run traced "$name"
	finished "$work/trace.$name".*.seep || differs "a trace is not complete"
	if [ "$compared" = yes ]; then
		for shown in stdout stderr status; do
			cmp "$work/untraced.$name.$shown" "$work/traced.$name.$shown" >&2 || differs "its $shown is another"
		done
	fi
	case $name in
	nginx | lighttpd)
		grep -q '^Requests/sec: *[1-9]' "$work/traced.$name.driver" &&
			! grep -E 'Non-2xx|Socket errors' "$work/traced.$name.driver" >&2 || differs "the load was not served"
		;;
	redis-server) [ "$(grep -c 'requests per second' "$work/traced.$name.driver")" -ge 3 ] || differs "the load was not served" ;;
	esac
	[ "$(cat "$work/traced.$name.status")" = 0 ] || differs "exit status $(cat "$work/traced.$name.status")"
	for trace in "$work/trace.$name".*.seep; do
		"$build/seep" report --json "$trace" || differs "no report of $trace"
	done | jq -r '[.trace.pid, .totals.allocations, .totals.frees, .totals.unfreed_count, .totals.unfreed_bytes] | @tsv' |
		sort -n >"$work/seep.$name"
	# Before the shim is ready it asks, by dlsym, for functions that this C library may lack: at most five blocks of dlerror
	# in each image, allocated and freed, that are the shim's and not the program's. They are all that may differ.
	for tally in "$work/tally.$name".*; do
		pid=${tally#"$work/tally.$name."}
		echo "${pid%%.*} $(od -A n -t u8 -w32 "$tally")"
	done | awk -v OFS='\t' '{ print $1, $2, $3, $4, $5 }' | sort -n >"$work/counted.$name"
	awk -v processes="$(wc -l <"$work/seep.$name")" '
		NR == FNR { a[$1] += $2; f[$1] += $3; u[$1] += $4; b[$1] += $5; n[$1]++; next }
		{ A[$1] += $2; F[$1] += $3; U[$1] += $4; B[$1] += $5; N[$1]++ }
		END {
			for (pid in A) {
				if (A[pid] - a[pid] != F[pid] - f[pid] || U[pid] != u[pid] || B[pid] != b[pid] ||
					A[pid] - a[pid] < 0 || A[pid] - a[pid] > 5 * N[pid])
					print "process " pid ": " a[pid] ", " f[pid] ", " u[pid] ", " b[pid] " instead of " \
						A[pid] ", " F[pid] ", " U[pid] ", " B[pid]
				sa += a[pid]; sA += A[pid]; su += u[pid]; sU += U[pid]; sb += b[pid]; sB += B[pid]
			}
			for (pid in a)
				if (!(pid in A)) print "process " pid " was not counted"
			printf "%d | %d | %d | %d | %d | %d | %d\n", processes, sa, sA, su, sU, sb, sB > "/dev/stderr"
		}' "$work/seep.$name" "$work/counted.$name" >"$work/differences.$name" 2>"$work/row.$name"
	[ ! -s "$work/differences.$name" ] || differs "$(cat "$work/differences.$name")"
	by_valgrind=-
	case $name in
	sqlite3 | perl | git | python3 | openssl)
		if command -v valgrind >/dev/null; then
			run valgrind "$name"
			by_valgrind=$(sed -n -e 's/,//g' -e 's/.*in use at exit: \([0-9]*\) bytes in \([0-9]*\) blocks.*/\1 B in \2/p' \
				-e 's/.*total heap usage: \([0-9]*\) allocs.*/of \1/p' "$work/valgrind.$name" | paste -s -d ' ')
		fi
		;;
	esac
	echo "| $name | $(cat "$work/row.$name") | $by_valgrind | $compared |"
done
exit $broken

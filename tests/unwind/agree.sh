# SPDX-License-Identifier: Apache-2.0
#
# Does seep's unwinder see what libunwind sees? Captures the stacks of allocations in real programs both ways and compares
# every frame. Run in the root of the repository, after make programs.
#   sh tests/unwind/agree.sh [quick|long]
# quick: a few ten thousand stacks of each; long: more than a million in all. What is not installed is left out and named.
# Prints a table, and each difference; ends with 0 if there is none, and if no frame was taken for unchanged that had changed.
set -u
size=${1-quick}
library=$PWD/build/tests/programs/unwind_agree.so
programs=$PWD/build/tests/programs
sources=$PWD
case $size in
quick) many=1 least=100000 ;;
long) many=8 least=1000000 ;;
*)
	sed -n '3,8s/^# //p' "$0" >&2
	exit 2
	;;
esac
[ -e "$library" ] || {
	echo "$library is not there: make programs" >&2
	exit 2
}

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
chmod 777 "$place" # nginx's workers are somebody else
left_out=
compared_in_all=0
broken=0

# observed NAME COMMAND...: the command with the library preloaded; both ways for every allocation in $every.
every=1
observed() {
	name=$1
	shift
	mkdir -m 777 "$place/$name"
	UNWIND_AGREE=$place/$name UNWIND_AGREE_EVERY=$every UNWIND_AGREE_DEPTH=1000 LD_PRELOAD=$library \
		timeout 600 "$@" >/dev/null 2>"$place/$name/stderr"
}

# Counts as unwind_agree.so.c has them.
row() {
	set -- "$1" $(od -A n -t u8 -w72 "$place/$1/counts" 2>/dev/null)
	[ $# = 10 ] || {
		echo "$1: nothing was recorded"
		cat "$place/$1/stderr"
		broken=1
		return
	}
	printf '%-12s %9s %9s %10s %7s%% %9s %9s %9s\n' "$1" "$2" "$6" "$7" $(($4 * 100 / ($3 + 1))) "$8" "$5" "$9"
	compared_in_all=$((compared_in_all + $6))
	if [ "$8" != 0 ] || [ "$5" != 0 ]; then
		broken=1
		sed 's/^/    /' "$place/$1/differences"
	fi
}

has() {
	command -v "$1" >/dev/null || {
		left_out="$left_out $1"
		return 1
	}
}

printf '%-12s %9s %9s %10s %8s %9s %9s %9s\n' program stacks compared frames reused different wrong lost

observed c++ "$programs/unwind_work" $((100 * many))
row c++
observed odd "$programs/unwind_odd" $((200 * many))
row odd

if has perl; then
	every=3
	observed perl perl -e 'my %h; $h{"k$_"} = [1 .. $_ % 7] for 1 .. 1500 * $ARGV[0]; my $s = join ",", map { "$_=@{$h{$_}}" } sort keys %h;
		$s =~ s/k(\d+)/<$1>/g; my @w = split /,/, $s; print scalar(@w), sprintf("%s", join "", sort { $b cmp $a } @w);' $many
	row perl
	every=1
fi

if has gcc; then
	every=$((4 / many + 1))
	observed gcc gcc -O1 -D_GNU_SOURCE -I"$sources/include" -c -o "$place/object" "$sources/preload/unwind_x86_64.c"
	row gcc
	every=1
fi

if has g++; then
	every=10
	observed g++ g++ -c -o "$place/object" "$sources/tests/programs/containers.cc"
	row g++
	every=1
fi

if has python3; then
	# The one of the system: others are elsewhere than debug files say.
	python=/usr/bin/python3
	[ -x $python ] || python=python3
	every=8
	PYTHONMALLOC=malloc observed python3 $python -c 'import json, sys, ast, re, decimal
for i in range(40 * int(sys.argv[1])): json.loads(json.dumps({"a": list(range(i)), "b": [str(i)] * (i % 50)}))
ast.parse(open(decimal.__file__).read()); re.compile("(a|b)*c{2,5}[^x-z]+").match("abab")' $many
	row python3
	every=1
fi

if has git; then
	git_work() {
		cd "$place/git/repository" || exit
		git init -q .
		git config user.name nobody
		git config user.email nobody@example.org
		cp -r "$sources/preload" "$sources/analyzer" .
		for i in $(seq "$1"); do
			git add .
			git -c gc.auto=0 commit -q -m "round $i"
			for file in preload/*.c; do sed -i "$((i * 3)),$((i * 3 + 5))d" "$file"; done
		done
		git log -p --stat
		git blame preload/unwind_x86_64.c
		git repack -adq
		git diff HEAD --stat -M
	}
	mkdir -m 777 "$place/git" "$place/git/repository"
	(
		UNWIND_AGREE=$place/git UNWIND_AGREE_DEPTH=1000 UNWIND_AGREE_EVERY=2 LD_PRELOAD=$library
		export UNWIND_AGREE UNWIND_AGREE_DEPTH UNWIND_AGREE_EVERY LD_PRELOAD
		git_work $((3 * many)) >/dev/null 2>"$place/git/stderr"
	)
	row git
fi

if has sqlite3; then
	observed sqlite3 sqlite3 "$place/database" "create table t(a int, b text);
		with recursive c(x) as (select 1 union all select x + 1 from c where x < 8000 * $many)
			insert into t select x, hex(randomblob(20)) from c;
		create index i on t(b);
		select count(*), max(b) from t group by a % 10 order by 2;
		select json_group_array(b) from t where a < 5000 * $many;
		select length(group_concat(upper(b) || lower(b))), printf('%d', a) from t group by a % 3000;
		delete from t where a % 3 = 0; vacuum;"
	row sqlite3
fi

if has openssl; then
	every=2
	observed openssl sh -c 'for i in $(seq $1); do
		openssl req -x509 -newkey rsa:2048 -nodes -keyout $2/key -out $2/certificate -subj /CN=example.org
		openssl x509 -in $2/certificate -noout -text
		openssl dgst -sha256 -sign $2/key $2/certificate
		openssl s_client -connect 127.0.0.1:1 </dev/null
	done' sh "$many" "$place"
	row openssl
	every=1
fi

if has redis-server && has redis-benchmark; then
	mkdir -m 777 "$place/redis"
	UNWIND_AGREE=$place/redis UNWIND_AGREE_DEPTH=1000 UNWIND_AGREE_EVERY=4 LD_PRELOAD=$library redis-server --port 0 \
		--unixsocket "$place/redis/socket" --save '' --dir "$place/redis" >"$place/redis/stderr" 2>&1 &
	server=$!
	for _ in $(seq 100); do
		[ ! -e "$place/redis/socket" ] || break
		sleep 0.1
	done
	redis-benchmark -s "$place/redis/socket" -q -P 16 -n $((4000 * many)) -t set,get,lpush,hset,zadd,lrange_100 >/dev/null
	kill $server
	wait $server
	row redis
fi

if has nginx && has perl; then
	mkdir -m 777 "$place/nginx" "$place/nginx/www"
	seq 3000 >"$place/nginx/www/index.html"
	cat >"$place/nginx/conf" <<END
daemon off; worker_processes 2; pid $place/nginx/pid; error_log $place/nginx/stderr;
env UNWIND_AGREE; env UNWIND_AGREE_EVERY; env UNWIND_AGREE_DEPTH; env LD_PRELOAD;
events { worker_connections 64; }
http {
	access_log off; gzip on; gzip_min_length 1; gzip_types *; client_body_temp_path $place/nginx; proxy_temp_path $place/nginx;
	fastcgi_temp_path $place/nginx; uwsgi_temp_path $place/nginx; scgi_temp_path $place/nginx;
	server {
		listen unix:$place/nginx/socket; root $place/nginx/www;
		location /words { return 200 "hello \$uri \$args"; }
		location /back { rewrite ^/back/(.*)$ /\$1; }
	}
}
END
	UNWIND_AGREE=$place/nginx UNWIND_AGREE_DEPTH=1000 UNWIND_AGREE_EVERY=1 LD_PRELOAD=$library \
		nginx -e "$place/nginx/stderr" -c "$place/nginx/conf" &
	server=$!
	perl -MIO::Socket::UNIX -MSocket -e 'my ($socket, $rounds) = @ARGV;
		# The socket has its name before it listens.
		for my $try (1 .. 600) {
			last if IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $socket);
			select undef, undef, undef, 0.1;
		}
		for my $i (1 .. $rounds) {
			my $server = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $socket) or die "connect: $!";
			for my $path ("/index.html", "/words/$i?a=b", "/back/index.html", "/none") {
				my $last = $path eq "/none" ? "close" : "keep-alive";
				print $server "GET $path HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: $last\r\n\r\n";
			}
			1 while <$server>;
		}' "$place/nginx/socket" $((500 * many)) || broken=1
	kill $server
	wait $server
	row nginx
fi

if has rg; then
	for i in $(seq "$many"); do
		mkdir -p "$place/rg"
		every=1
		UNWIND_AGREE=$place/rg UNWIND_AGREE_DEPTH=1000 LD_PRELOAD=$library timeout 600 rg -j 2 'malloc|fo+o\b' "$sources" \
			>/dev/null 2>"$place/rg/stderr"
	done
	row rg
fi

[ -z "$left_out" ] || echo "not installed:$left_out"
echo "$compared_in_all stacks compared"
if [ $compared_in_all -lt $least ] && [ -z "$left_out" ]; then
	echo "fewer than $least"
	broken=1
fi
exit $broken

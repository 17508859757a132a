#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What --durable costs: works of bench/ untraced, recorded, and recorded with --durable, in turn, five times each; the fastest of each
# counts. Then a program with many live blocks whose collector is killed: how long its checkpoints took (with strace), the files that it
# leaves, and how long a report takes.
#   sh bench/durable.sh [LIVE]      default: 5,000,000 live blocks. The traces are written below TMPDIR
set -eu
cd "$(dirname "$0")/.."
live=${1-5000000}
make -s all
make -s -f bench/Makefile
scratch=$(mktemp -d)
recorder=
trap '[ -z "$recorder" ] || kill -KILL $recorder 2>/dev/null; rm -rf "$scratch"' EXIT

seconds() { # seconds COMMAND...: of wall time
	began=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - began) / 1000000)) | awk '{ print $1 / 1000 }'
}

fastest() { sort -n "$1" | head -n 1; }

echo "| work | untraced, s | recorded | --durable |"
echo "|---|---|---|---|"
while read -r name command; do
	for round in 1 2 3 4 5; do
		# shellcheck disable=SC2086 # a command
		{
			seconds $command >>"$scratch/time.$name.untraced"
			seconds build/seep run -o "$scratch/t.seep" -- $command >>"$scratch/time.$name.seep"
			seconds build/seep run --durable -o "$scratch/t.seep" -- $command >>"$scratch/time.$name.durable"
		}
		: $round
	done
	echo "$name $(fastest "$scratch/time.$name.untraced") $(fastest "$scratch/time.$name.seep") $(fastest "$scratch/time.$name.durable")" |
		awk '{ printf "| %s | %.2f | %.2f x | %.2f x |\n", $1, $2, $3 / $2, $4 / $2 }'
done <<END
short-8 build/bench/work_short 25000000 8
churn-2 build/bench/work_churn 25000000 2
foreign build/bench/work_foreign 10000000
live build/bench/work_live 3000000
END

mkfifo "$scratch/ready"
strace -f --seccomp-bpf -ttt -e trace=openat,rename -o "$scratch/calls" build/seep run --durable -o "$scratch/live.seep" -- perl -e '
	$#kept = $ARGV[0]; $kept[$_] = "x" x 40 for 1 .. $ARGV[0]; open my $out, ">", $ARGV[1]; print $out "ready\n"; close $out; sleep 1000' \
	"$live" "$scratch/ready" 2>/dev/null &
recorder=$!
read -r _ <"$scratch/ready"
sleep 1
for process in /proc/[0-9]*; do
	! readlink "$process/fd"/* 2>/dev/null | grep -q "^$scratch/live.seep\$" || kill -KILL "${process#/proc/}"
done
pkill -KILL -x -P "$(pgrep -P "$recorder" -x seep)" perl || true
wait "$recorder" || true
recorder=
echo
awk '/books.new", O_RDWR/ { began = $2 } /rename\(.*books.new"/ { took = $2 - began; if (took > most) most = took; n++ }
	END { printf "%d checkpoints, the longest took %.2f s\n", n, most }' "$scratch/calls"
du -b "$scratch"/live.seep* | awk '{ sub(/.*live.seep/, "TRACE", $2); printf "%s %.1f MB\n", $2, $1 / 1e6 }'
echo "report: $(seconds build/seep report "$scratch/live.seep") s"
build/seep recover "$scratch/live.seep"
echo "report, after seep recover: $(seconds build/seep report "$scratch/live.seep") s"

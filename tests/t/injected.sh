# SPDX-License-Identifier: Apache-2.0
#
# One call of the recorder's after the other fails (tests/programs/fails.so.c): the shim's system calls, and what the collector asks of
# the C library. Each time the program's output and status are those of the untraced one, it ends in time, and a trace, if there is
# one, opens and does not claim more than it holds.
. tests/tap.sh
build=$PWD/build
program=$build/tests/programs/fails
failing=$build/tests/programs/fails.so
told=$scratch/told
"$program" >"$scratch/untraced"

# Runs inside the program's process, or is started as its collector: only there is FAIL_CALL set.
cat >"$scratch/inside" <<END
#!/bin/sh
LD_PRELOAD="\$LD_PRELOAD $failing" FAIL_CALL=\$INJECT_CALL FAIL_AT=\$INJECT_AT exec "$program"
END
cat >"$scratch/collector" <<END
#!/bin/sh
LD_PRELOAD="$failing" FAIL_CALL=\$INJECT_CALL FAIL_AT=\$INJECT_AT "$build/seep-collector" "\$@"
[ \$? -lt 128 ] || echo crashed >>"$told.crashed"
END
chmod +x "$scratch/inside" "$scratch/collector"

collectors_end() {
	tries=0
	while grep -lsz "^FAIL_TOLD=$told" /proc/[0-9]*/environ >/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return
		sleep 0.05
	done
}

# Says what is wrong with the traces.
opens() {
	for trace in "$scratch"/*.seep; do
		[ -e "$trace" ] || continue
		"$build/seep" report --json "$trace" >"$scratch/report" 2>"$scratch/error"
		case $? in
		0) ;;
		2) [ ! -s "$trace" ] || ! grep -q . "$scratch/error" || continue ;; # not even its first frame was written
		*) cat "$scratch/error" && return 1 ;;
		esac
		[ -s "$scratch/report" ] || continue
		jq -e '(.trace.complete | not) or .trace.end == "running" or .trace.unrecorded > 0
			or any(.sites[]; [.unfreed_count, .unfreed_bytes] as $unfreed | $unfreed == [37, 44400] or $unfreed == [3, 3900])' \
			"$scratch/report" >/dev/null || {
			jq -c '[.trace.end, .trace.exit_status, .trace.remarks, .totals.allocations, .totals.unfreed_count]' "$scratch/report"
			return 1
		}
	done
}

# What belongs to no trace, or to one that has its end, is gone.
tidy() {
	for left in "$scratch"/*.seep.*; do
		trace=${left%.seep.*}.seep
		[ ! -e "$left" ] || "$build/seep" report --json "$trace" | jq -e '.trace.how == null or
			any(.trace.remarks[]; test("finished from the files"))' >/dev/null || {
			echo "$left is left"
			return 1
		}
	done
}

# once WHERE CALL N ERRNO ALL
once() {
	rm -f "$scratch"/*.seep*
	: >"$told"
	export INJECT_CALL="$2" INJECT_AT="$3" FAIL_ERRNO="$4" FAIL_TOLD="$told"
	[ -z "$5" ] || export FAIL_ON=1
	case $1 in
	shim) timeout -k 1 60 "$build/seep" run --only fails -o "$scratch/%p.seep" -- "$scratch/inside" >"$scratch/output" 2>"$scratch/said" ;;
	collector | durable)
		[ "$1" = collector ] || export SEEP_DURABLE=yes
		SEEP_ONLY=fails SEEP_COLLECTOR=$scratch/collector SEEP_OUTPUT=$scratch/%p.seep LD_PRELOAD=$build/libseep.so \
			timeout -k 1 60 "$program" >"$scratch/output" 2>"$scratch/said"
		;;
	esac
	status=$?
	unset FAIL_ON SEEP_DURABLE
	[ $status -eq 3 ] && cmp "$scratch/untraced" "$scratch/output" && collectors_end && opens && tidy && [ ! -e "$told.crashed" ] && return
	echo "$2 failed at $3: status $status$([ ! -e "$told.crashed" ] || echo ', and the collector crashed')"
	rm -f "$told.crashed"
	cat "$scratch/output" "$scratch/said"
	return 1
}

# every WHERE CALL ERRNO [all]: the first, the second, ... until there is none any more, or the twenty-fifth
every() {
	number=0
	: >"$told.ever"
	while [ $number -lt 25 ]; do
		number=$((number + 1))
		once "$1" "$2" $number "$3" "${4-}" || return
		[ -s "$told" ] || break
		echo x >>"$told.ever"
	done
	echo "$number times"
	[ -s "$told.ever" ]
}

ENOMEM=12 EAGAIN=11 EIO=5 ENOSPC=28 EMFILE=24 EDQUOT=122 EINVAL=22
for call in SYS_mmap SYS_madvise SYS_socket SYS_connect SYS_sendto SYS_ppoll SYS_recvmsg SYS_rt_sigprocmask SYS_tgkill; do
	try "the shim's N-th $call fails" every shim $call $ENOMEM
done
try "the shim's N-th futex fails" every shim SYS_futex $EAGAIN
for call in mmap memfd_create ftruncate fork epoll_create1 eventfd signalfd socket open; do
	try "the collector's N-th $call fails" every collector $call $EMFILE
done
try "the collector's N-th write: I/O error" every collector write $EIO
try "the collector's N-th write, and all after it: disk full" every collector write $ENOSPC all
try "the collector's N-th write, and all after it: quota" every collector write $EDQUOT all
for call in pthread_create sendmsg recv poll accept4 readlink flock ZSTD_compress2; do
	try "the collector's N-th $call fails" every collector $call $EAGAIN
done
try "the collector's N-th pidfd_open fails" every collector SYS_pidfd_open $EINVAL
try "the collector's N-th futex fails" every collector SYS_futex $EAGAIN
try "a durable collector's N-th posix_fallocate fails" every durable posix_fallocate $ENOSPC
try "a durable collector's N-th pwrite, and all after it: disk full" every durable pwrite $ENOSPC all
try "a durable collector's N-th write, and all after it: disk full" every durable write $ENOSPC all
for call in pwrite rename open fclose flock mmap; do
	try "a durable collector's N-th $call fails" every durable $call $EIO
done
done_testing

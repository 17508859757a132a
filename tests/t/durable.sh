# SPDX-License-Identifier: Apache-2.0
#
# --durable: what a killed collector knew is found out from the files that it leaves (docs/GUARANTEES.md). That nothing at all is missing,
# at whatever moment, is shown by kill.sh; here are the other situations.
. tests/tap.sh
. tests/family.sh
. tests/finished.sh
seep=$PWD/build/seep
library=$PWD/build/libseep.so
programs=$PWD/build/tests/programs
waits=$programs/waits
recorder=
durable=--durable
trap '[ -z "$recorder" ] || kill -KILL $recorder $(below "$recorder") 2>/dev/null; rm -rf "$scratch"' EXIT

# begin COUNT OPTION... -- COMMAND...: records it with $durable until it has said "ready" that often
begin() {
	count=$1
	shift
	rm -f "$scratch"/*.seep* "$scratch/input"
	mkfifo "$scratch/input"
	timeout 100 "$seep" run $durable -o "$scratch/%e.%p.seep" "$@" <"$scratch/input" >"$scratch/output" 2>"$scratch/said" &
	recorder=$!
	exec 3>"$scratch/input"
	tries=0
	until [ "$(grep -c ready "$scratch/output" 2>/dev/null)" = "$count" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || return
		sleep 0.01
	done
	sleep 0.2 # the collector has come to rest
}

# Those of the collectors that write a trace, but not their broker.
sessions() {
	for process in $(named seep-collector); do
		! readlink "/proc/$process/fd"/* 2>/dev/null | grep -q '\.seep$' || echo "$process"
	done
}

# killed NAME...: all that are called so; without the program, the recording comes to its end
killed() {
	for name in "$@"; do
		case $name in
		sessions) victims=$(sessions) ;;
		*) victims=$(named "$name") ;;
		esac
		[ -n "$victims" ] || return
		kill -KILL $victims 2>/dev/null || true # some end with others
	done
	case $* in *waits*) ended ;; esac
}

ended() {
	exec 3>&-
	wait "$recorder"
	status=$?
	recorder=
}

json() { # json TRACE FILTER
	"$seep" report --json "$1" >"$scratch/report" && jq -e "$2" "$scratch/report" >"$scratch/answer" || {
		jq -c '[.trace, .totals, [.sites[] | [.unfreed_count, .unfreed_bytes]]]' "$scratch/report"
		return 1
	}
}

keeps() { # keeps COUNT BYTES...: a filter: there are sites with so many blocks of so many bytes
	filter=true
	while [ $# -gt 0 ]; do
		filter="$filter and ([.sites[] | select(.unfreed_bytes == $1 * $2) | .unfreed_count] | add) == $1"
		shift 2
	done
	echo "$filter"
}

whole='.trace.complete and .trace.end == "recovered" and .trace.how == "unseen" and
	([.trace.remarks[] | select(test("finished from the files that it left beside it; nothing is missing"))] | length) == 1'

nothing_left() {
	"$seep" run --durable -o "$scratch/%e.%p.seep" -- "$programs/fork_storm" >/dev/null &&
		SEEP_DURABLE=yes SEEP_OUTPUT=$scratch/preload.seep LD_PRELOAD=$library "$programs/leak_37" >/dev/null &&
		finished "$scratch"/*.seep || return
	tries=0
	while ls "$scratch"/*.seep.* 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return
		sleep 0.1
	done
}

both_killed() {
	begin 1 -- "$waits" && killed sessions waits && json "$scratch"/waits.*.seep "$whole and $(keeps 37 1200)" &&
		grep -q 'its collector was killed; `seep report` takes the rest from the files beside its trace' "$scratch/said" &&
		[ "$(stat -c %a "$scratch"/*.seep.* | sort -u)" = 600 ]
}

preloaded() {
	rm -f "$scratch"/*.seep*
	# shellcheck disable=SC2016 # for the inner one
	SEEP_DURABLE=yes SEEP_OUTPUT=$scratch/p.seep LD_PRELOAD=$library "$waits" >"$scratch/output" &
	program=$!
	tries=0
	until grep -q ready "$scratch/output" && [ -e "$scratch/p.seep.books" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || return
		sleep 0.01
	done
	collector=$(ls -l /proc/[0-9]*/fd/* 2>/dev/null | sed -n "s|.*/proc/\([0-9]*\)/fd/.* -> $scratch/p.seep\$|\1|p" | head -n 1)
	kill -KILL "$collector" "$program"
	wait "$program" 2>/dev/null
	json "$scratch/p.seep" "$whole and $(keeps 37 1200)"
}

family() {
	begin 2 -- "$waits" fork && killed seep-collector waits || return
	for trace in "$scratch"/waits.*.seep; do
		json "$trace" "$whole and if .trace.inherited_count > 0
			then .trace.inherited_frees == 10 and $(keeps 50 300) else $(keeps 37 1200) end" || return
		jq .trace.inherited_count "$scratch/report"
	done >"$scratch/inherited"
	sort -n "$scratch/inherited" | tr '\n' ' ' | grep -Eq '^0 [1-9][0-9]+ $'
}

threads() {
	begin 1 --epoch=1 -- "$waits" threads && killed seep-collector waits &&
		json "$scratch"/waits.*.seep "$whole and $(keeps 37 1200 200 700) and .totals.unknown_frees == 0" &&
		"$seep" info "$scratch"/waits.*.seep | grep -q 'mark handed out'
}

sampled() {
	begin 1 --sample=2000 -- "$waits" threads && killed seep-collector waits &&
		json "$scratch"/waits.*.seep "$whole and .totals.unfreed_bytes > 20000 and .totals.unfreed_bytes < 1000000"
}

# The collector sleeps while the program goes on: some thousand events are lost, and then it is killed.
dropped() {
	begin 1 --on-full=drop -- "$waits" busy && kill -STOP $(named seep-collector) && sleep 0.3 && killed seep-collector || return
	echo >&3
	ended
	[ $status -eq 3 ] && json "$scratch"/waits.*.seep ".trace.dropped_events > 1000 and (.trace.complete | not)"
}

goes_on() {
	begin 1 -- "$waits" busy && killed seep-collector && sleep 0.3 && json "$scratch"/waits.*.seep \
		".trace.how == \"stopped\" and $(keeps 37 1200) and ([.trace.remarks[] | select(test(\"went on unrecorded\"))] | length) == 1" || return
	echo >&3
	ended
	[ $status -eq 3 ] && json "$scratch"/waits.*.seep '.trace.how == "stopped" and .trace.exit_status == null'
}

# The history up to the last moment: epochs that had been written come again out of the journal.
history() {
	begin 1 --epoch=20 -- "$waits" && sleep 1 && killed seep-collector waits &&
		"$seep" info --epochs "$scratch"/waits.*.seep >"$scratch/info" &&
		sed -n '/^EPOCH/,$p' "$scratch/info" | awk '$1 == n { n++ } BEGIN { n = 0 } END { exit n < 6 }'
}

recovered_in_place() {
	begin 1 -- "$waits" && killed seep-collector waits || return
	trace=$(echo "$scratch"/waits.*.seep)
	head -c 100 "$trace.books" >"$trace.books.new" # as if it was killed while it wrote a checkpoint
	json "$trace" "$whole" && cp "$scratch/report" "$scratch/before" && cp "$trace.ring" "$scratch/kept" || return
	flock -s "$trace" "$seep" recover "$trace" 2>"$scratch/error"
	[ $? -eq 2 ] && grep -q 'is in use' "$scratch/error" && [ -e "$trace.books" ] && "$seep" recover "$trace" &&
		mv "$scratch/kept" "$trace.ring" && # as if its collector had been killed while it removed them
		"$seep" recover "$trace" && [ "$(echo "$scratch"/*.seep*)" = "$trace" ] && [ "$(stat -c %a "$trace")" = 600 ] && json "$trace" "$whole" &&
		cmp "$scratch/before" "$scratch/report" && "$seep" recover "$trace"
}

# Somebody else's files of such names are not removed with ours.
recovered_among_others() {
	begin 1 -- "$waits" && killed seep-collector waits || return
	trace=$(echo "$scratch"/waits.*.seep)
	echo precious >"$trace.books.new"
	"$seep" recover "$trace" && echo precious >"$trace.journal" && "$seep" recover "$trace" &&
		[ "$(echo "$scratch"/*.seep*)" = "$trace $trace.books.new $trace.journal" ] && json "$trace" "$whole" &&
		grep -q precious "$trace.books.new" && grep -q precious "$trace.journal"
}

# As if it was killed before the first checkpoint.
without_books() {
	begin 1 -- "$waits" && killed seep-collector waits && rm "$scratch"/waits.*.seep.books || return
	"$seep" recover "$scratch"/waits.*.seep 2>"$scratch/error"
	[ $? -eq 2 ] && grep 'its collector was killed before it had recorded anything' "$scratch/error" &&
		json "$scratch"/waits.*.seep '(.trace.complete | not) and .trace.how == null'
}

# Whoever else looks at the ring file at the same time is not taken for the program.
recovered_at_once() {
	begin 1 -- "$waits" && killed seep-collector waits && flock -s "$scratch"/waits.*.seep.ring \
		"$seep" report --json "$scratch"/waits.*.seep >"$scratch/report" && jq -e "$whole" "$scratch/report"
}

# damaged FILE COMMAND...: one of the files is not what it was, and every command says so and shows what the trace itself holds
damaged() {
	begin 1 -- "$waits" && sleep 2.5 && killed seep-collector waits || return
	trace=$(echo "$scratch"/waits.*.seep)
	ending=$1
	shift
	"$@" "$trace.$ending" || return
	"$seep" report "$trace" >"$scratch/text" && grep "What its collector left beside it could not be used: .*$said" "$scratch/text" &&
		json "$trace" '(.trace.complete | not) and .trace.how == null' || return
	"$seep" recover "$trace" 2>"$scratch/error"
	[ $? -eq 2 ] && grep "$said" "$scratch/error" && [ -e "$trace.books" ]
}

overwrite() {
	printf '\125\125\125\125\125\125\125\125' | dd of="$2" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# The files of another recording, as whole as its own.
of_another() {
	cp "$scratch/another.${1##*.}" "$1"
}

begun_before() {
	begin 1 -- "$waits" && sleep 2.5 && killed seep-collector waits || return
	for file in journal ring; do cp "$scratch"/waits.*.seep.$file "$scratch/another.$file"; done
}

# Of a run before, that was killed, with the same name; and of somebody else.
in_the_way() {
	begin 1 -- "$waits" && killed seep-collector waits || return
	trace=$(echo "$scratch"/waits.*.seep)
	for file in "$trace" "$trace".*; do mv "$file" "$scratch/same.seep${file#"$trace"}"; done
	sleep 0.1
	"$seep" run --durable -o "$scratch/same.seep" -- "$programs/leak_37" >/dev/null 2>"$scratch/said"
	[ ! -s "$scratch/said" ] && [ "$(echo "$scratch"/same*)" = "$scratch/same.seep" ] || return
	for file in ring journal books books.new; do
		rm -f "$scratch"/other*
		echo precious >"$scratch/other.seep.$file"
		"$seep" run --durable -o "$scratch/other.seep" -- "$programs/leak_37" >/dev/null 2>"$scratch/said"
		cat "$scratch/said"
		[ "$(echo "$scratch"/other*)" = "$scratch/other.1.seep $scratch/other.seep.$file" ] &&
			grep -q precious "$scratch/other.seep.$file" &&
			json "$scratch/other.1.seep" ".trace.complete and $(keeps 37 1200)" || return
	done
}

# However they begin; and an earlier trace does not go if the next one can't have its name.
others_empty() {
	"$seep" run -o "$scratch/plain.seep" -- "$programs/leak_37" >/dev/null || return
	cp "$scratch/plain.seep" "$scratch/earlier"
	: >"$scratch/plain.seep.journal"
	head -c 100 /dev/zero >"$scratch/plain.seep.ring"
	sleep 0.1
	"$seep" run --durable -o "$scratch/plain.seep" -- "$programs/leak_37" >/dev/null && cmp "$scratch/earlier" "$scratch/plain.seep" &&
		"$seep" run -o "$scratch/plain.seep" -- "$programs/leak_37" >/dev/null && "$seep" recover "$scratch/plain.seep" &&
		[ "$(cd "$scratch" && echo plain*)" = "plain.1.seep plain.seep plain.seep.journal plain.seep.ring" ] &&
		! cmp -s "$scratch/earlier" "$scratch/plain.seep"
}

# Books beside a trace that was not durable are somebody's.
others_books() {
	durable=
	begin 1 -- "$waits" busy
	status=$?
	durable=--durable
	[ $status -eq 0 ] || return
	trace=$(echo "$scratch"/waits.*.seep)
	echo precious, and longer than the head of books is >"$trace.books"
	killed sessions && sleep 0.2 && echo >&3
	ended
	grep -q 'its collector was killed; the trace is not complete' "$scratch/said" &&
		json "$trace" '([.trace.remarks[] | select(test("beside"))] | length) == 0' &&
		! "$seep" recover "$trace" 2>"$scratch/error" && grep -q 'it was not recorded with --durable' "$scratch/error" &&
		grep -q precious "$trace.books"
}

# A run before left files beside its trace; one without --durable has the name now.
not_durable_any_more() {
	begin 1 -- "$waits" && killed sessions waits || return
	trace=$(echo "$scratch"/waits.*.seep)
	for file in "$trace" "$trace".*; do mv "$file" "$scratch/same.seep${file#"$trace"}"; done
	sleep 0.1
	"$seep" run -o "$scratch/same.seep" -- "$programs/leak_37" >/dev/null && [ "$(echo "$scratch"/same*)" = "$scratch/same.seep" ]
}

# Its trace gets another name while it is being written, and the next recording its old one: both go on.
moved() {
	begin 1 -- "$waits" || return
	trace=$(echo "$scratch"/waits.*.seep)
	mv "$trace" "$scratch/away"
	"$seep" run --durable -o "$trace" -- "$programs/leak_37" >/dev/null &&
		json "${trace%.seep}.1.seep" ".trace.complete and $(keeps 37 1200)" && killed seep-collector waits &&
		mv "$scratch/away" "$trace" && json "$trace" "$whole and $(keeps 37 1200)"
}

# Somebody puts a file in the place of one of ours, while it is being written.
exchanged() {
	begin 1 -- "$waits" busy || return
	trace=$(echo "$scratch"/waits.*.seep)
	for file in ring journal books; do
		mv "$trace.$file" "$scratch/kept.$file" && echo precious >"$trace.$file" || return
	done
	echo >&3
	ended
	[ $status -eq 3 ] && json "$trace" '.trace.complete and .trace.how == "exit"' &&
		grep -q precious "$trace.ring" && grep -q precious "$trace.journal" && grep -q precious "$trace.books"
}

# Whoever may write the ring file can end the recording with it, as if he had killed the collector.
cut_short() {
	begin 1 -- "$waits" && sleep 2.5 || return
	trace=$(echo "$scratch"/waits.*.seep)
	truncate -s 4096 "$trace.ring"
	tries=0
	while [ -n "$(sessions)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || return
		sleep 0.01
	done
	killed waits && grep -q 'its collector was killed' "$scratch/said" &&
		json "$trace" "(.trace.complete | not) and $(keeps 37 1200)"
}

small_disk() { # small_disk SIZE COMMAND...: what is said and the status are left in files
	rm -rf "$scratch"/*.seep* "$scratch/disk"
	mkdir "$scratch/disk"
	# shellcheck disable=SC2016 # for the inner one
	unshare --mount sh -c 'mount -t tmpfs -o size="$2" none "$1/disk" || exit
		scratch=$1; shift 2
		"$@" >"$scratch/output" 2>"$scratch/said"
		echo $? >"$scratch/status"
		ls "$scratch/disk" >"$scratch/left"
		cp "$scratch/disk/"*.seep "$scratch" 2>/dev/null' sh "$scratch" "$@"
	cat "$scratch/said" "$scratch/left"
}

no_room() {
	"$programs/leak_37" >"$scratch/untraced"
	small_disk 16m "$seep" run --durable -o "$scratch/disk/t.seep" -- "$programs/leak_37"
	grep -q 'cannot make .*/t.seep.ring of 75 MB: No space left on device' "$scratch/said" &&
		cmp "$scratch/untraced" "$scratch/output" && [ ! -s "$scratch/left" ]
}

# Room for the region, but not for a journal of any length.
no_room_later() {
	small_disk 78m "$seep" run --durable -o "$scratch/disk/t.seep" -- perl -e 'for (1 .. 300000) { push @k, "x" x 2000; shift @k if @k > 500 } print 1'
	[ "$(cat "$scratch/output")" = 1 ] && [ "$(cat "$scratch/left")" = t.seep ] &&
		json "$scratch/t.seep" '.trace.how == "exit" and .trace.exit_status == 0 and
			([.trace.remarks[] | select(test("is not durable any more.*No space left"))] | length) == 1'
}

try "nothing is left beside a whole trace, also under plain LD_PRELOAD" nothing_left
try "collector and program killed: the report has everything, and says where from" both_killed
try "the same under plain LD_PRELOAD" preloaded
try "a fork: both traces, and what the child inherited" family
try "threads that free each other's blocks, and a mark" threads
try "a sample" sampled
try "--on-full=drop: what was dropped is counted" dropped
try "the program goes on unrecorded, and exits: the report says so" goes_on
try "the history is there up to the last moment" history
try "seep recover makes one whole file" recovered_in_place
try "seep recover leaves other people's files alone" recovered_among_others
try "seep recover where there is no checkpoint" without_books
try "two recoveries at once do not take each other for the program" recovered_at_once
said='the checkpoint makes no sense at offset' try "a damaged checkpoint" damaged books overwrite 400
said='this is no checkpoint' try "a checkpoint that is none" damaged books overwrite 0
said='the checkpoint makes no sense at offset' try "a checkpoint that is cut" damaged books truncate -s -1
said='the journal makes no sense at offset 48' try "a damaged journal" damaged journal overwrite 48
said='the journal is not what was written: its sum is wrong' try "a damaged time in it" damaged journal overwrite 56
said='this is no journal' try "a journal that is none" damaged journal overwrite 0
said='the journal is cut: it has 48 bytes' try "a journal that is cut" damaged journal truncate -s 48
said='the ring file is not this trace' try "a ring file that is cut" damaged ring truncate -s 1M
try "another recording is made" begun_before
said="the journal is not this trace's" try "the journal of another trace" damaged journal of_another
said="the ring file is not this trace's" try "the ring file of another trace" damaged ring of_another
# Somebody else's file of that name is not looked into.
linked() {
	mv "$1" "$1.kept" && ln -s "$1.kept" "$1"
}

said='seep.journal: Too many levels of symbolic links' try "a link in the place of a file" damaged journal linked
said='seep.ring: No such file' try "a missing ring file" damaged ring rm
try "files of an earlier run are replaced, and files of others are not" in_the_way
try "empty files of others are not, either, and no earlier trace goes for nothing" others_empty
try "books beside a trace that was not durable are not its" others_books
try "files of an earlier run go also where the next is not durable" not_durable_any_more
try "a trace that is moved while it is being written keeps its files" moved
try "the ring file is cut short while it is being written: the trace holds what it held" cut_short
try "a file that takes the place of one of ours is left alone" exchanged
if unshare --mount true 2>/dev/null; then
	try "no room for the region: the program runs, nothing is left" no_room
	try "no room for the journal: the recording goes on, and says that it is not durable" no_room_later
fi
done_testing

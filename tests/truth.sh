# SPDX-License-Identifier: Apache-2.0
#
# Runs the programs of tests/programs that say in their source what they allocate and forget, and compares: what seep
# reports with that truth, and what the program shows (stdout, stderr, exit status) with what it shows untraced. Called in
# the root of the repository by tests/t/truth_*.sh, or by hand:
#   sh tests/truth.sh run|durable|preload|libunwind all|PROGRAM...
set -u
mode=$1
shift
. tests/tap.sh
. tests/finished.sh
build=$PWD/build
sources=$PWD/tests/programs
truth=$PWD/tests/truth.jq
# shellcheck disable=SC3045 # dash has it
ulimit -c 0

# run FOLDER COMMAND...: what it shows is left in FOLDER.
run() {
	folder=$1
	shift
	mkdir -p "$folder"
	{
		printf 'some\ninput\n' | (cd "$folder" && exec timeout -k 10 150 "$@") >"$folder/stdout" 2>"$folder/stderr"
		echo $? >"$folder/status"
	} 2>/dev/null # where the shell tells of signals
}

traced() {
	case $mode in
	run) run traced "$build/seep" run -o "$scratch/%e.%p.seep" -- "$@" ;;
	durable) run traced "$build/seep" run --durable -o "$scratch/%e.%p.seep" -- "$@" ;;
	libunwind) SEEP_UNWIND=libunwind run traced "$build/seep" run -o "$scratch/%e.%p.seep" -- "$@" ;;
	preload) run traced env LD_PRELOAD="$build/libseep.so" SEEP_OUTPUT="$scratch/%e.%p.seep" "$@" ;;
	esac
}

judge() (
	name=$1
	source=$2
	cd "$scratch" || return
	traced "$build/tests/programs/$name"
	for shown in stdout stderr status; do
		cmp untraced/$shown traced/$shown || return
	done
	finished ./*.seep
	for trace in ./*.seep; do
		"$build/seep" report --json "$trace" || return
	done >reports
	differences=$(jq -R -r -n --arg program "$name" --arg mode "$mode" --slurpfile reports reports -f "$truth" \
		"$source" $(ls "$sources/$name"*.so.c 2>/dev/null)) || return
	echo "$differences"
	[ -z "$differences" ]
)

all=$(grep -l '^ \* truth:' "$sources"/*.c "$sources"/*.cc | grep -v '\.so\.c$' | sed 's|.*/||; s|\.cc*$||')
home=$scratch
names=
for name in "$@"; do
	[ "$name" = all ] && name=$all
	names="$names $name"
done
for name in $names; do
	source=$(ls "$sources/$name.c" "$sources/$name.cc" 2>/dev/null)
	scratch=$home/$name.$tap_number
	mkdir "$scratch"
	run "$scratch/untraced" "$build/tests/programs/$name"
	skip=
	[ "$(cat "$scratch/untraced/status")" != 77 ] || skip="not on this system"
	! grep -q "^ \* not under $mode: " "$source" || skip="not under $mode"
	if [ -n "$skip" ]; then
		tap_number=$((tap_number + 1))
		echo "ok $tap_number - $name # SKIP $skip"
	else
		try "$name" judge "$name" "$source"
	fi
done
scratch=$home
done_testing

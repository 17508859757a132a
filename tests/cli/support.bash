# SPDX-License-Identifier: Apache-2.0
#
# What the bats files share. Each test starts in an empty folder of its own, without SEEP_ variables.
repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
programs=$repository/build/tests/programs
seep=$repository/build/seep

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	for variable in $(compgen -e SEEP_); do
		unset "$variable"
	done
}

# Runs a command, keeps stdout and stderr apart in $out and $err and the exit code in $status.
try() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/.out" 2>"$BATS_TEST_TMPDIR/.err" </dev/null || status=$?
	out=$(cat "$BATS_TEST_TMPDIR/.out")
	err=$(cat "$BATS_TEST_TMPDIR/.err")
}

# Compares what came out ($1) with what should have ($2), and shows the difference.
same() {
	diff -u --label expected <(printf '%s\n' "$2") --label actual <(printf '%s\n' "$1")
}

# The exit code was $1; if not, shows everything.
exits() {
	[ "$status" = "$1" ] || {
		printf 'exit code %s instead of %s\nstdout: %s\nstderr: %s\n' "$status" "$1" "$out" "$err"
		return 1
	}
}

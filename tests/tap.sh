# SPDX-License-Identifier: Apache-2.0
#
# What the shell tests share: to be sourced by tests/t/*.sh, which run in the root of the repository.
#   try "the name" COMMAND...    passes when the command exits with 0; otherwise its output is shown
#   done_testing                 closes the test; the last line
# $scratch is a folder of the test's own, removed at the end. SEEP_ variables of whoever calls a test do not reach it.
tap_number=0
tap_broken=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck disable=SC2046 # one word each
unset $(env | sed -n 's/^\(SEEP_[A-Z_]*\)=.*/\1/p')

try() {
	tap_number=$((tap_number + 1))
	tap_name=$1
	shift
	if "$@" >"$scratch/try.log" 2>&1; then
		echo "ok $tap_number - $tap_name"
	else
		echo "not ok $tap_number - $tap_name"
		tap_broken=1
		sed 's/^/# /' "$scratch/try.log"
	fi
}

done_testing() {
	echo "1..$tap_number"
	exit $tap_broken
}

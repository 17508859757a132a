#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The whole suite, also on a bare Debian 12: installs what is missing, builds, runs every test. docs/HOWTO_TEST.md.
#   sh tests/run.sh [--no-setup] [WORD...]     with words: only the tests whose file name contains one of them
set -eu
cd "$(dirname "$0")/.."

if [ "${1-}" = --no-setup ]; then
	shift
else
	. tests/setup.sh
	setup build test demo
fi
unset MAKEFLAGS MFLAGS MAKELEVEL
LC_ALL=C.UTF-8
export LC_ALL

jobs=$(nproc)
make -j "$jobs" all unit-tests programs

# Long ones first, so that the short ones fill the gaps.
set -- "$#" "$@" $(ls -1 tests/t/*.sh tests/cli/*.bats 2>/dev/null) $(
	for source in tests/unit/test_*.c; do
		[ ! -e "$source" ] || echo "build/tests/unit/$(basename "$source" .c)"
	done
)
words=$1
shift
patterns=
while [ "$words" -gt 0 ]; do
	patterns="$patterns -e $1"
	words=$((words - 1))
	shift
done
# shellcheck disable=SC2086 # two words a pattern
[ -z "$patterns" ] || set -- $(printf '%s\n' "$@" | grep -F $patterns)
[ $# -gt 0 ] || {
	echo "no test is called that" >&2
	exit 2
}

prove --jobs "$jobs" --timer --exec 'sh tests/one.sh' "$@"

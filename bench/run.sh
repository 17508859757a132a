#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the bench's programs and runs it; `make bench` calls this. bench/README.md tells what can be chosen and how
# to read the tables.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}

command -v python3 >/dev/null || {
	echo "the bench is run by python3. As root: apt-get install python3" >&2
	exit 2
}
make -s -f bench/Makefile BUILD="$build"
PYTHONDONTWRITEBYTECODE=1 exec python3 bench/run.py "$build"

# SPDX-License-Identifier: Apache-2.0
#
# To be sourced in the root of the repository by tests that look for the processes of a recording; $recorder is its `seep run`.
#   below PID       the processes that descend from it
#   named NAME      those of them below $recorder that have not ended; `seep run` may take its time to wait for them

below() {
	for found in $(grep -l "^PPid:	$1\$" /proc/[0-9]*/status 2>/dev/null | cut -d / -f 3); do
		echo "$found"
		(below "$found")
	done
}

named() {
	for process in $(below "$recorder"); do
		! grep -q '^State:	Z' "/proc/$process/status" 2>/dev/null || continue
		case $(cat "/proc/$process/comm" 2>/dev/null) in "$1"*) echo "$process" ;; esac
	done
}

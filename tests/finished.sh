# SPDX-License-Identifier: Apache-2.0
#
# To be sourced in the root of the repository by tests that record under plain LD_PRELOAD: nobody waits for such a collector.
#   finished TRACE...    gives each trace half a minute to be complete
finished_by=$PWD/build/seep

finished() {
	for unfinished in "$@"; do
		tries=0
		until "$finished_by" info "$unfinished" 2>/dev/null | grep -q '^complete  *yes'; do
			tries=$((tries + 1))
			[ $tries -lt 300 ] || return
			sleep 0.1
		done
	done
}

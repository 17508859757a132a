# SPDX-License-Identifier: Apache-2.0
#
# Programs with known truth under `seep run`: docs/HOWTO_TEST.md. All of them, and those again whose threads race.
exec sh tests/truth.sh run all ownership_ring ownership_ring ownership_ring realloc_ring realloc_ring realloc_ring \
	killed_while_busy killed_while_busy killed_while_busy fork_from_threads fork_from_threads thread_cancelled

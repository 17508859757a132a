# SPDX-License-Identifier: Apache-2.0
#
# Programs with known truth with --durable, of those that fork, execute, have many threads, or write over their memory's
# limits: docs/HOWTO_TEST.md. All of them: sh tests/truth.sh durable all
exec sh tests/truth.sh durable address_space atexit_handlers clone_raw closed_descriptors exec_chain fork_child_frees fork_child_leaks \
	fork_daemon fork_from_threads fork_in_signal fork_outlives fork_storm freed_by_other_thread marks many_threads million_short \
	no_descriptors pid_namespace realloc_moved signal_storm spawned thread_destructors unloaded_libraries vfork_exec

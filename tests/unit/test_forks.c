/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that fork and execute, recorded by collector/session.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_producer.h"
#include "support_session.h"
#include "support_trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- exec ---- */

static int executes(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
	struct producer a = producer_thread(region);

	producer_alloc(&a, 0x1000, 2000, producer_node(region, 0, 0, 0x1234));
	execlp("sleep", "sleep", "30", NULL);
	return 98;
}

static void an_exec_ends_the_trace(void **state)
{
	struct seep_settings settings = recording_settings();
	struct trace_file *t;

	(void)state;
	recording_start(executes, &settings, NULL);
	recording_expect("started", recording.traced);
	recording_expect("finished", recording.traced);
	t = trace_read(recording.path);
	assert_int_equal(t->end.how, SEEP_END_EXEC);
	assert_int_equal(t->end.unfreed_count, 1);
	free(t);
	kill(recording.traced, SIGKILL);
	recording_reap(recording.traced);
	recording_reap(recording.collector);
}

/* ---- fork ---- */

static void child_records(struct seep_wire_region *parents)
{
	struct seep_wire_region *region;
	struct producer a;
	uint32_t stack;
	int connection = producer_connect(parents->socket_name);

	producer_secret(parents->socket_name);
	if (connection < 0 || producer_hello(connection, SEEP_HELLO_FORK, UINT64_MAX, &region) != 0)
		_exit(97);
	munmap(parents, parents->region_bytes);
	a = producer_thread(region);
	stack = producer_node(region, 0, 0, 0x5678);
	producer_free(&a, 0x1000); /* inherited from the ring */
	producer_free(&a, 0x3000); /* inherited from the nursery */
	producer_alloc(&a, 0x1000, 5000, stack);
	producer_alloc(&a, 0x9000, 6000, stack);
	producer_free(&a, 0x9000);
	_exit(3);
}

static int forks(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
	struct producer a = producer_thread(region);
	uint32_t stack = producer_node(region, 0, 0, 0x1234);
	pid_t child;

	producer_alloc(&a, 0x1000, 2000, stack);
	producer_alloc(&a, 0x2000, 2500, stack);
	producer_young(&a, 1, 0x3000, 300, stack);
	producer_young(&a, 2, 0x4000, 400, stack);
	child = fork();
	if (child == 0)
		child_records(region);
	waitpid(child, NULL, 0);
	return 0;
}

/* Takes lines until the collectors are all gone; fills the paths by pid, the traced program's first. */
static void finish_family(char paths[2][4096], pid_t *child)
{
	const char *line;
	unsigned finished = 0;

	while (*(line = recording_line())) {
		char verb[16], path[4096];
		int pid;

		assert_int_equal(sscanf(line, "%15s %d %4095s", verb, &pid, path), 3);
		assert_string_not_equal(verb, "failed");
		if (strcmp(verb, "finished") != 0)
			continue;
		finished++;
		if (pid != recording.traced)
			*child = pid;
		strcpy(paths[pid != recording.traced], path);
	}
	assert_int_equal(finished, 2);
	recording_reap(recording.collector);
}

static void check_child(const char *path, bool reaped_by_parent)
{
	struct trace_file *t = trace_read(path);

	assert_int_equal(t->process.forked, 1);
	assert_int_equal(t->end.how, SEEP_END_EXITED);
	assert_true(t->end.exit_status == 3 || (reaped_by_parent && t->end.exit_status == -1));
	assert_int_equal(t->end.inherited_count, 4);
	assert_int_equal(t->end.inherited_bytes, 2000 + 2500 + 300 + 400);
	assert_int_equal(t->end.inherited_frees, 2);
	assert_int_equal(t->end.allocations, 2);
	assert_int_equal(t->end.frees, 1);
	assert_int_equal(t->end.unfreed_bytes, 5000);
	assert_int_equal(t->end.unknown_frees, 0);
	assert_int_equal(t->nodes_used, 1);
	assert_int_equal(t->nodes[0].address, 0x5678);
	free(t);
}

static void a_forked_child_has_its_own_trace_and_its_inheritance(void **state)
{
	struct seep_settings settings = recording_settings();
	char paths[2][4096];
	struct trace_file *t;
	pid_t child = 0;

	(void)state;
	recording_start(forks, &settings, NULL);
	finish_family(paths, &child);
	recording_reap(recording.traced);
	t = trace_read(paths[0]);
	assert_int_equal(t->process.forked, 0);
	assert_int_equal(t->end.unfreed_count, 4);
	assert_int_equal(t->end.inherited_count, 0);
	assert_int_equal(trace_note(t, SEEP_NOTE_FORK)->note.value, child);
	free(t);
	check_child(paths[1], true);
}

/* A daemon: its parent, and the parent's session, end before it says anything. */
static int forks_and_leaves(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
	struct producer a = producer_thread(region);
	uint32_t stack = producer_node(region, 0, 0, 0x1234);

	producer_alloc(&a, 0x1000, 2000, stack);
	producer_alloc(&a, 0x2000, 2500, stack);
	producer_young(&a, 1, 0x3000, 300, stack);
	producer_young(&a, 2, 0x4000, 400, stack);
	if (fork() == 0) {
		usleep(300000);
		child_records(region);
	}
	return 0;
}

static void a_child_that_asks_after_its_parents_end_is_heard(void **state)
{
	struct seep_settings settings = recording_settings();
	char paths[2][4096];
	struct trace_file *t;
	pid_t child = 0;

	(void)state;
	recording_start(forks_and_leaves, &settings, NULL);
	finish_family(paths, &child);
	recording_reap(recording.traced);
	t = trace_read(paths[0]);
	assert_int_equal(t->end.unfreed_count, 4);
	free(t);
	check_child(paths[1], true);
}

/* Says nothing, hangs up, says something else, guesses. Returns whether the guess was refused. */
static bool strangers_call(const char *name, unsigned each)
{
	struct seep_wire_region *region;
	bool refused = true;

	for (unsigned i = 0; i < each; i++) {
		int rude = producer_connect(name);

		if (producer_connect(name) < 0 || rude < 0) /* the silent one stays */
			return false;
		if (i % 2 == 0)
			refused = refused && send(rude, "let me in", 9, 0) == 9;
		close(rude);
		producer_secret("x/00112233445566778899aabbccddeeff");
		refused = refused &&
			  producer_hello(producer_connect(name), SEEP_HELLO_FORK, UINT64_MAX, &region) == EPERM;
	}
	return refused;
}

static int is_called_by_strangers(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
	struct producer a = producer_thread(region);
	uint32_t stack = producer_node(region, 0, 0, 0x1234);
	pid_t child;
	int status;

	producer_alloc(&a, 0x1000, 2000, stack);
	producer_alloc(&a, 0x2000, 2500, stack);
	producer_young(&a, 1, 0x3000, 300, stack);
	producer_young(&a, 2, 0x4000, 400, stack);
	alarm(2 * RECORDING_PATIENCE_MS / 1000); /* nobody may answer */
	if (!strangers_call(region->socket_name, 300))
		return 1;
	child = fork();
	if (child == 0) {
		alarm(2 * RECORDING_PATIENCE_MS / 1000);
		child_records(region);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status) != 3;
}

/* Nobody is noted, or forked for, before his hello is there. */
static void strangers_leave_no_trace(void **state)
{
	struct seep_settings settings = recording_settings();
	char paths[2][4096];
	struct trace_file *t;
	unsigned noted = 0;
	pid_t child = 0;

	(void)state;
	recording_start(is_called_by_strangers, &settings, NULL);
	finish_family(paths, &child);
	assert_int_equal(recording_reap(recording.traced), 0);
	t = trace_read(paths[0]);
	for (uint32_t i = 0; i < t->notes_used; i++)
		noted += t->notes[i].note.code == SEEP_NOTE_FORK;
	assert_int_equal(noted, 1);
	assert_int_equal(trace_note(t, SEEP_NOTE_FORK)->note.value, child);
	free(t);
	check_child(paths[1], true);
}

static void descriptors_limit(rlim_t limit)
{
	struct rlimit now;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	now.rlim_cur = limit < now.rlim_max ? limit : now.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static int is_called_by_more_than_can_be_held(int connection)
{
	descriptors_limit(RLIM_INFINITY);
	return is_called_by_strangers(connection);
}

/* The collector has fewer descriptors than there are strangers who say nothing. */
static void strangers_keep_no_child_out(void **state)
{
	struct seep_settings settings = recording_settings();
	char paths[2][4096];
	pid_t child = 0;

	(void)state;
	descriptors_limit(64);
	recording_start(is_called_by_more_than_can_be_held, &settings, NULL);
	descriptors_limit(RLIM_INFINITY);
	finish_family(paths, &child);
	assert_int_equal(recording_reap(recording.traced), 0);
	check_child(paths[1], true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recording_directory_make, recording_directory_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_exec_ends_the_trace),
		TEST(a_forked_child_has_its_own_trace_and_its_inheritance),
		TEST(a_child_that_asks_after_its_parents_end_is_heard),
		TEST(strangers_leave_no_trace),
		TEST(strangers_keep_no_child_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

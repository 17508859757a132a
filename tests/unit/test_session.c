/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole recordings by collector/session.c: each test forks a program that plays the shim (support_producer.h) with a known
 * truth, records it, and reads the trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "session.h"
#include "support_producer.h"
#include "support_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000 /* for whatever must happen at all */

struct recording {
	char directory[64];
	pid_t traced;
	pid_t collector;
	int launcher; /* our end */
	char path[4096]; /* of the trace that was finished last */
};

static struct recording rec;

/* What the program is given; its return value is its exit status. */
typedef int program(int connection);

static int directory_make(void **state)
{
	(void)state;
	memset(&rec, 0, sizeof(rec));
	strcpy(rec.directory, "/tmp/seep-test-XXXXXX");
	return mkdtemp(rec.directory) ? 0 : -1;
}

static int directory_remove(void **state)
{
	char pattern[80];
	glob_t found;

	(void)state;
	if (rec.launcher > 0)
		close(rec.launcher);
	snprintf(pattern, sizeof(pattern), "%s/*", rec.directory);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
		globfree(&found);
	}
	return rmdir(rec.directory);
}

static struct seep_settings settings_make(void)
{
	struct seep_settings settings = {.depth_limit = 64, .first_epoch_ns = 1000000000};

	snprintf(settings.output, sizeof(settings.output), "%s/%%p.seep", rec.directory);
	return settings;
}

/* Starts a program and its collector. */
static void start(program *run, const struct seep_settings *settings, const char *settings_fault)
{
	struct seep_session_setup setup = {.settings = settings, .settings_fault = settings_fault};
	int connection[2], report[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, connection), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report), 0);
	rec.traced = fork();
	if (rec.traced == 0) {
		close(connection[1]);
		_exit(run(connection[0]));
	}
	close(connection[0]);
	rec.collector = fork();
	if (rec.collector == 0) {
		signal(SIGCHLD, SIG_IGN);
		setup.report_fds[0] = report[1];
		setup.report_fds[1] = -1;
		close(report[0]);
		_exit(seep_session_run(&setup, connection[1], rec.traced) < 0);
	}
	close(connection[1]);
	close(report[1]);
	rec.launcher = report[0];
}

/* The next line for the launcher; "" once nobody is left who could say one. */
static const char *next_line(void)
{
	static char line[5000];
	struct pollfd ready = {.fd = rec.launcher, .events = POLLIN};
	ssize_t length;

	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	length = recv(rec.launcher, line, sizeof(line) - 1, 0);
	line[length > 0 ? length : 0] = 0;
	return line;
}

static void expect_line(const char *verb, pid_t pid)
{
	char start_of_line[64];
	const char *line = next_line();

	snprintf(start_of_line, sizeof(start_of_line), "%s %d ", verb, (int)pid);
	if (strncmp(line, start_of_line, strlen(start_of_line)) != 0)
		fail_msg("\"%s\" where \"%s\" was expected", line, start_of_line);
	snprintf(rec.path, sizeof(rec.path), "%s", line + strlen(start_of_line));
}

static int reap(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Waits for the end of the recording as `seep run` does: the program stays a zombie until then. */
static struct trace_file *finish(void)
{
	expect_line("started", rec.traced);
	expect_line("finished", rec.traced);
	reap(rec.traced);
	assert_int_equal(reap(rec.collector), 0);
	return trace_read(rec.path);
}

static struct seep_wire_region *hello(int connection)
{
	struct seep_wire_region *region;

	if (producer_hello(connection, SEEP_HELLO_IMAGE, UINT64_MAX, &region) != 0 || !region)
		_exit(99);
	close(connection);
	return region;
}

/* ---- One program, all kinds of records ---- */

static int mixed_program(int connection)
{
	struct seep_wire_region *region = hello(connection);
	struct producer a = producer_thread(region), b = producer_thread(region);
	uint32_t module = producer_module(region, "/lib/one.so", 0x10000, 0x20000);
	uint32_t outer = producer_node(region, 0, module, 0x10010);
	uint32_t one = producer_node(region, outer, module, 0x10020);
	uint32_t two = producer_node(region, outer, 0, 0x30020);

	producer_module(region, "", 0x400000, 0x500000);
	producer_alloc(&a, 0x1000, 2000, one);
	producer_alloc(&a, 0x2000, 3000, one);
	producer_alloc(&b, 0x3000, 4000, two);
	producer_free(&b, 0x1000);
	producer_mark(&a, "half-time");
	producer_free(&b, 0x77000); /* was never allocated */
	producer_young(&a, 5, 0x5000, 50, one);
	producer_young(&a, 6, 0x6000, 60, two);
	producer_free(&b, 0x6000); /* by another thread than the one whose nursery has it */
	producer_fold(&b, 9, one, 100, 1600);
	producer_fold(&b, 9, two, 10, 320);
	producer_fold(&b, 9, two, 1, 32);
	producer_fold(&b, 9, one, 7, 70);
	atomic_store(&a.segment->truncated_stacks, 3);
	atomic_store(&b.segment->lost_stacks, 4);
	atomic_store(&region->unrecorded, 5);
	return 42;
}

static void all_kinds_of_records_are_counted(void **state)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;
	struct stat st;

	(void)state;
	start(mixed_program, &settings, NULL);
	t = finish();
	assert_true(t->complete);
	assert_int_equal(t->end.how, SEEP_END_EXITED);
	assert_int_equal(t->end.exit_status, 42);
	assert_int_equal(t->end.allocations, 5 + 118);
	assert_int_equal(t->end.allocated_bytes, 2000 + 3000 + 4000 + 50 + 60 + 1600 + 320 + 32 + 70);
	assert_int_equal(t->end.frees, 2 + 118);
	assert_int_equal(t->end.unfreed_count, 3);
	assert_int_equal(t->end.unfreed_bytes, 3000 + 4000 + 50);
	assert_int_equal(t->end.unknown_frees, 1);
	assert_int_equal(t->end.truncated_stacks, 3);
	assert_int_equal(t->end.lost_stacks, 4);
	assert_int_equal(t->end.unrecorded, 5);
	assert_int_equal(t->end.dropped_events, 0);
	assert_int_equal(t->end.inherited_count, 0);
	assert_int_equal(t->process.pid, rec.traced);
	assert_int_equal(t->process.ppid, getpid());
	assert_int_equal(t->process.depth_limit, 64);
	assert_int_equal(t->process.forked, 0);
	assert_true(t->process.argc > 0);
	assert_non_null(strstr(t->strings, "test_session"));
	assert_int_equal(t->modules_used, 2);
	assert_string_equal(t->paths[0], "/lib/one.so");
	assert_int_equal(t->modules[0].build_id_bytes, 4);
	assert_string_equal(t->paths[1], t->strings); /* the executable */
	assert_int_equal(t->nodes_used, 3);
	assert_int_equal(t->nodes[1].parent, 1);
	assert_int_equal(t->nodes[1].address, 0x10020);
	assert_int_equal(t->blocks_used, 3);
	assert_int_equal(t->blocks[0].stack, 2);
	assert_int_equal(t->blocks[2].stack, 3);
	assert_int_equal(t->blocks[2].address, 0x3000);
	assert_string_equal(trace_note(t, SEEP_NOTE_MARK)->text, "half-time");
	assert_null(trace_note(t, SEEP_NOTE_FAULT));
	assert_int_equal(stat(rec.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(t);
}

/* ---- Many events, several threads ---- */

#define EVENTS 300000u

static int busy_program(int connection)
{
	struct seep_wire_region *region = hello(connection);
	struct producer threads[4];
	uint32_t stack = producer_node(region, 0, 0, 0x1234);

	for (unsigned i = 0; i < 4; i++)
		threads[i] = producer_thread(region);
	for (uint64_t i = 0; i < EVENTS; i++) {
		uint64_t address = 0x100000 + (i % 5000) * 64;

		if (i >= 5000)
			producer_free(&threads[i * 7 % 4], address); /* by whatever thread */
		producer_alloc(&threads[i * 5 % 4], address, 1024 + i % 5000, stack);
	}
	kill(getpid(), SIGKILL);
	return 0;
}

static void a_killed_program_loses_nothing(void **state)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;

	(void)state;
	start(busy_program, &settings, NULL);
	t = finish();
	assert_int_equal(t->end.how, SEEP_END_KILLED);
	assert_int_equal(t->end.signal, SIGKILL);
	assert_int_equal(t->end.allocations, EVENTS);
	assert_int_equal(t->end.frees, EVENTS - 5000);
	assert_int_equal(t->end.unfreed_count, 5000);
	assert_int_equal(t->end.unfreed_bytes, 5000 * 1024 + 4999 * 5000 / 2);
	assert_int_equal(t->end.unknown_frees, 0);
	assert_null(trace_note(t, SEEP_NOTE_FAULT));
	free(t);
}

static int exited_status(int (*how)(int connection), int32_t *signal_number)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;
	int status;

	start(how, &settings, NULL);
	t = finish();
	status = t->end.exit_status;
	*signal_number = (int32_t)t->end.signal;
	free(t);
	return status;
}

static int killed_between_push_and_overwrite(int connection)
{
	struct seep_wire_region *region = hello(connection);
	struct producer a = producer_thread(region), b = producer_thread(region);
	uint32_t stack = producer_node(region, 0, 0, 0x1234);

	producer_young(&a, 1, 0x1000, 100, stack);
	producer_young(&a, 2, 0x2000, 200, stack);
	producer_free(&b, 0x1000);
	/* As if killed while the two were sent: each is in the nursery still. */
	atomic_fetch_sub((_Atomic uint64_t *)((char *)region + region->shards_offset) + seep_wire_shard(0x1000), 1);
	producer_alloc(&a, 0x1000, 100, stack);
	atomic_fetch_add((_Atomic uint64_t *)((char *)region + region->shards_offset) + seep_wire_shard(0x1000), 1);
	producer_alloc(&a, 0x2000, 200, stack);
	abort();
}

static void a_block_in_ring_and_nursery_is_one_block(void **state)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;

	(void)state;
	start(killed_between_push_and_overwrite, &settings, NULL);
	t = finish();
	assert_int_equal(t->end.how, SEEP_END_KILLED);
	assert_int_equal(t->end.signal, SIGABRT);
	assert_int_equal(t->end.allocations, 2);
	assert_int_equal(t->end.frees, 1);
	assert_int_equal(t->end.unfreed_bytes, 200);
	free(t);
}

static int exits_at_once(int connection)
{
	hello(connection);
	return 7;
}

static void an_empty_trace_is_a_trace(void **state)
{
	int32_t signal_number;

	(void)state;
	assert_int_equal(exited_status(exits_at_once, &signal_number), 7);
	assert_int_equal(signal_number, 0);
}

/* The parent reaps at once, so that /proc has nothing left to tell. */
static void the_status_survives_reaping(void **state)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;

	(void)state;
	start(exits_at_once, &settings, NULL);
	expect_line("started", rec.traced);
	reap(rec.traced);
	expect_line("finished", rec.traced);
	reap(rec.collector);
	t = trace_read(rec.path);
	assert_int_equal(t->end.how, SEEP_END_EXITED);
	/* Known by kernels from 6.15 on; others leave it open, but never say something else. */
	assert_true(t->end.exit_status == 7 || t->end.exit_status == -1);
	free(t);
}

/* ---- exec ---- */

static int executes(int connection)
{
	struct seep_wire_region *region = hello(connection);
	struct producer a = producer_thread(region);

	producer_alloc(&a, 0x1000, 2000, producer_node(region, 0, 0, 0x1234));
	execlp("sleep", "sleep", "30", NULL);
	return 98;
}

static void an_exec_ends_the_trace(void **state)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;

	(void)state;
	start(executes, &settings, NULL);
	expect_line("started", rec.traced);
	expect_line("finished", rec.traced);
	t = trace_read(rec.path);
	assert_int_equal(t->end.how, SEEP_END_EXEC);
	assert_int_equal(t->end.unfreed_count, 1);
	free(t);
	kill(rec.traced, SIGKILL);
	reap(rec.traced);
	reap(rec.collector);
}

/* ---- fork ---- */

static void child_records(struct seep_wire_region *parents)
{
	struct seep_wire_region *region;
	struct producer a;
	uint32_t stack;
	int connection = producer_connect(parents->socket_name);

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
	struct seep_wire_region *region = hello(connection);
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

	while (*(line = next_line())) {
		char verb[16], path[4096];
		int pid;

		assert_int_equal(sscanf(line, "%15s %d %4095s", verb, &pid, path), 3);
		assert_string_not_equal(verb, "failed");
		if (strcmp(verb, "finished") != 0)
			continue;
		finished++;
		if (pid != rec.traced)
			*child = pid;
		strcpy(paths[pid != rec.traced], path);
	}
	assert_int_equal(finished, 2);
	reap(rec.collector);
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
	struct seep_settings settings = settings_make();
	char paths[2][4096];
	struct trace_file *t;
	pid_t child = 0;

	(void)state;
	start(forks, &settings, NULL);
	finish_family(paths, &child);
	reap(rec.traced);
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
	struct seep_wire_region *region = hello(connection);
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
	struct seep_settings settings = settings_make();
	char paths[2][4096];
	struct trace_file *t;
	pid_t child = 0;

	(void)state;
	start(forks_and_leaves, &settings, NULL);
	finish_family(paths, &child);
	reap(rec.traced);
	t = trace_read(paths[0]);
	assert_int_equal(t->end.unfreed_count, 4);
	free(t);
	check_child(paths[1], true);
}

/* ---- Epochs ---- */

/* Waits until the collector's clock has gone on for so many ticks. */
static void ticks_pass(struct seep_wire_region *region, uint32_t ticks)
{
	uint32_t until = atomic_load(&region->tick) + ticks;

	while (atomic_load(&region->tick) < until)
		usleep(1000);
}

static int slow_program(int connection)
{
	struct seep_wire_region *region = hello(connection);
	struct producer a = producer_thread(region);
	uint32_t stack = producer_node(region, 0, 0, 0x1234);

	for (uint64_t i = 0; i < 40; i++) {
		producer_alloc(&a, 0x1000 + 64 * i, 2000, stack);
		producer_fold(&a, 1, stack, 1, 10);
		if (i % 10 == 0)
			ticks_pass(region, 5);
	}
	ticks_pass(region, 5);
	for (uint64_t i = 0; i < 40; i++)
		producer_free(&a, 0x1000 + 64 * i);
	return 0;
}

static void epochs_follow_each_other(void **state)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;

	(void)state;
	settings.first_epoch_ns = 20000000;
	start(slow_program, &settings, NULL);
	t = finish(); /* which also checks that they have no holes */
	assert_true(t->epochs_used >= 5); /* one in each of the five waits, which are longer than an epoch */
	assert_int_equal(t->end.allocations, 80);
	assert_int_equal(t->end.frees, 80);
	assert_int_equal(t->end.peak_live_bytes, 40 * 2000);
	assert_int_equal(t->end.unfreed_count, 0);
	assert_true(t->epochs[0].rss_bytes > 0);
	assert_in_range(t->epochs[t->epochs_used - 2].live_bytes, 2000, 40 * 2000);
	free(t);
}

/* ---- Hostile programs ---- */

static int garbage_program(int connection)
{
	struct seep_wire_region *region = hello(connection);
	struct producer good = producer_thread(region), bad[6];
	uint32_t stack = producer_node(region, 0, 0, 0x1234);
	struct seep_wire_unit unknown = {UINT64_C(200) << SEEP_WIRE_KIND_SHIFT, 0};
	struct seep_wire_unit no_stack[2] = {
		{(uint64_t)SEEP_RECORD_ALLOC << SEEP_WIRE_KIND_SHIFT | 0x1000, 0}, {10, 77777}};
	struct seep_wire_unit half = {(uint64_t)SEEP_RECORD_ALLOC << SEEP_WIRE_KIND_SHIFT | 0x1000, 0};
	struct seep_wire_unit null_free = {(uint64_t)SEEP_RECORD_FREE << SEEP_WIRE_KIND_SHIFT, 0};
	struct seep_wire_unit long_mark = {(uint64_t)SEEP_RECORD_MARK << SEEP_WIRE_KIND_SHIFT | 5000, 0};

	for (unsigned i = 0; i < 6; i++)
		bad[i] = producer_thread(region);
	producer_node(region, 12345, 0, 0x1); /* its parent comes after it */
	producer_node(region, 0, 999, 0x1); /* there is no such module */
	producer_alloc(&good, 0x5000, 2000, stack);
	producer_push(&bad[0], &unknown, 1);
	producer_push(&bad[1], no_stack, 2);
	producer_push(&bad[2], &half, 1);
	producer_push(&bad[3], &null_free, 1);
	producer_push(&bad[4], &long_mark, 1);
	atomic_store(&bad[5].segment->head, UINT64_C(1) << 40);
	/* An abandoned ring must not stop its producer for ever. */
	for (unsigned i = 0; i < 3 * SEEP_WIRE_RING_UNITS; i++)
		producer_push(&bad[0], &unknown, 1);
	good.segment->nursery[0].stack = 66666;
	good.segment->nursery[0].address = 0x8000;
	good.segment->folds[0].stack = 55555;
	good.segment->folds[0].count = 5;
	producer_alloc(&good, 0x6000, 3000, stack);
	atomic_store(&region->nodes_used, UINT32_MAX);
	atomic_store(&region->modules_used, UINT32_MAX);
	atomic_store(&region->segments_used, UINT32_MAX);
	region->segments_offset = 0;
	atomic_store(&region->nodes_used, 3);
	atomic_store(&region->modules_used, 0);
	atomic_store(&region->segments_used, 7);
	return 0;
}

static void garbage_costs_only_its_own_ring(void **state)
{
	struct seep_settings settings = settings_make();
	struct trace_file *t;

	(void)state;
	start(garbage_program, &settings, NULL);
	t = finish();
	assert_true(t->complete);
	assert_int_equal(t->end.allocations, 2);
	assert_int_equal(t->end.unfreed_bytes, 5000);
	assert_true(t->end.dropped_events >= 6);
	assert_non_null(trace_note(t, SEEP_NOTE_FAULT));
	assert_int_equal(t->nodes[1].parent, 0);
	assert_int_equal(t->nodes[2].module, 0);
	free(t);
}

/* ---- Refusals ---- */

static int refused_status;

static int asks_and_tells(int connection)
{
	struct seep_wire_region *region;
	int status = producer_hello(connection, SEEP_HELLO_IMAGE, UINT64_MAX, &region);

	return region ? 100 : status;
}

static int asks_with_little_room(int connection)
{
	struct seep_wire_region *region;
	int status = producer_hello(connection, SEEP_HELLO_IMAGE, 64 * 1024 * 1024, &region);

	return region && region->region_bytes <= 16 * 1024 * 1024 ? 0 : status + 50;
}

static int asks_with_no_room(int connection)
{
	struct seep_wire_region *region;
	int status = producer_hello(connection, SEEP_HELLO_IMAGE, 1024 * 1024, &region);

	return region ? 100 : status;
}

static int says_nonsense(int connection)
{
	return send(connection, "hello", 5, 0) == 5 && recv(connection, &refused_status, 1, 0) <= 0;
}

static void expect_refusal(program *run, const struct seep_settings *settings, const char *fault, int error)
{
	int status;

	start(run, settings, fault);
	expect_line("failed", rec.traced);
	status = reap(rec.traced);
	assert_true(WIFEXITED(status));
	if (error)
		assert_int_equal(WEXITSTATUS(status), error);
	assert_int_not_equal(reap(rec.collector), 0);
	close(rec.launcher);
	rec.launcher = 0;
}

static void refusals_say_why_and_leave_no_file(void **state)
{
	struct seep_settings settings = settings_make();
	glob_t found;
	char pattern[80];

	(void)state;
	expect_refusal(asks_and_tells, &settings, "SEEP_DEPTH is nonsense", EINVAL);
	assert_string_equal(rec.path, "SEEP_DEPTH is nonsense");
	expect_refusal(asks_with_no_room, &settings, NULL, ENOMEM);
	assert_non_null(strstr(rec.path, "ulimit -v"));
	expect_refusal(says_nonsense, &settings, NULL, 0);
	snprintf(settings.output, sizeof(settings.output), "%s/none/%%p", rec.directory);
	expect_refusal(asks_and_tells, &settings, NULL, ENOENT);
	assert_non_null(strstr(rec.path, "/none/"));
	snprintf(pattern, sizeof(pattern), "%s/*", rec.directory);
	assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
}

static void a_small_address_space_gets_a_small_region(void **state)
{
	int32_t signal_number;

	(void)state;
	assert_int_equal(exited_status(asks_with_little_room, &signal_number), 0);
}

/* ---- A collector that dies ---- */

static int watches_the_mutex(int connection)
{
	struct seep_wire_region *region = hello(connection);
	const _Atomic uint32_t *word = (const _Atomic uint32_t *)&region->alive;

	if (atomic_load(word) & 0x40000000)
		return 1;
	for (unsigned i = 0; i < PATIENCE_MS / 10; i++) {
		if (atomic_load(word) & 0x40000000) /* FUTEX_OWNER_DIED */
			return 0;
		usleep(10000);
	}
	return 2;
}

static void the_program_learns_of_the_collectors_death(void **state)
{
	struct seep_settings settings = settings_make();
	int status;

	(void)state;
	start(watches_the_mutex, &settings, NULL);
	expect_line("started", rec.traced);
	usleep(50000);
	kill(rec.collector, SIGKILL);
	reap(rec.collector);
	status = reap(rec.traced);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_kinds_of_records_are_counted),
		TEST(a_killed_program_loses_nothing),
		TEST(a_block_in_ring_and_nursery_is_one_block),
		TEST(an_empty_trace_is_a_trace),
		TEST(the_status_survives_reaping),
		TEST(an_exec_ends_the_trace),
		TEST(a_forked_child_has_its_own_trace_and_its_inheritance),
		TEST(a_child_that_asks_after_its_parents_end_is_heard),
		TEST(epochs_follow_each_other),
		TEST(garbage_costs_only_its_own_ring),
		TEST(refusals_say_why_and_leave_no_file),
		TEST(a_small_address_space_gets_a_small_region),
		TEST(the_program_learns_of_the_collectors_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

#include "support_producer.h"
#include "support_session.h"
#include "support_trace.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- One program, all kinds of records ---- */

static int mixed_program(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
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
	struct seep_settings settings = recording_settings();
	struct trace_file *t;
	struct stat st;

	(void)state;
	recording_start(mixed_program, &settings, NULL);
	t = recording_finish();
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
	assert_int_equal(t->process.pid, recording.traced);
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
	assert_int_equal(t->cohorts_used, 3);
	assert_int_equal(t->cohorts[0].stack, 2);
	assert_int_equal(t->cohorts[2].stack, 3);
	assert_int_equal(t->cohorts[2].count, 1);
	assert_int_equal(t->cohorts[0].bytes, 3000);
	assert_int_equal(t->cohorts[1].bytes, 50); /* born after the mark */
	assert_true(t->cohorts[1].birth > t->cohorts[0].birth);
	assert_int_equal(t->cohorts[2].bytes, 4000);
	assert_string_equal(trace_note(t, SEEP_NOTE_MARK)->text, "half-time");
	assert_null(trace_note(t, SEEP_NOTE_FAULT));
	assert_int_equal(stat(recording.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(t);
}

/* ---- Many events, several threads ---- */

#define EVENTS 300000u

static int busy_program(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
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
	struct seep_settings settings = recording_settings();
	struct trace_file *t;

	(void)state;
	recording_start(busy_program, &settings, NULL);
	t = recording_finish();
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
	struct seep_settings settings = recording_settings();
	struct trace_file *t;
	int status;

	recording_start(how, &settings, NULL);
	t = recording_finish();
	status = t->end.exit_status;
	*signal_number = (int32_t)t->end.signal;
	free(t);
	return status;
}

static int killed_between_push_and_overwrite(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
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
	struct seep_settings settings = recording_settings();
	struct trace_file *t;

	(void)state;
	recording_start(killed_between_push_and_overwrite, &settings, NULL);
	t = recording_finish();
	assert_int_equal(t->end.how, SEEP_END_KILLED);
	assert_int_equal(t->end.signal, SIGABRT);
	assert_int_equal(t->end.allocations, 2);
	assert_int_equal(t->end.frees, 1);
	assert_int_equal(t->end.unfreed_bytes, 200);
	free(t);
}

static int exits_at_once(int connection)
{
	recording_hello(connection);
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
	struct seep_settings settings = recording_settings();
	struct trace_file *t;

	(void)state;
	recording_start(exits_at_once, &settings, NULL);
	recording_expect("started", recording.traced);
	recording_reap(recording.traced);
	recording_expect("finished", recording.traced);
	recording_reap(recording.collector);
	t = trace_read(recording.path);
	assert_int_equal(t->end.how, SEEP_END_EXITED);
	/* Known by kernels from 6.15 on; others leave it open, but never say something else. */
	assert_true(t->end.exit_status == 7 || t->end.exit_status == -1);
	free(t);
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
	struct seep_wire_region *region = recording_hello(connection);
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
	struct seep_settings settings = recording_settings();
	struct trace_file *t;
	unsigned with_blocks = 0;

	(void)state;
	settings.first_epoch_ns = 20000000;
	recording_start(slow_program, &settings, NULL);
	t = recording_finish(); /* which also checks that they have no holes */
	assert_true(t->epochs_used >= 5); /* one in each of the five waits, which are longer than an epoch */
	assert_int_equal(t->end.allocations, 80);
	assert_int_equal(t->end.frees, 80);
	assert_int_equal(t->end.peak_live_bytes, 40 * 2000);
	assert_int_equal(t->end.unfreed_count, 0);
	assert_true(t->epochs[0].rss_bytes > 0);
	for (uint32_t i = 0; i < t->epochs_used; i++)
		with_blocks += t->epochs[i].live_bytes >= 2000;
	assert_true(with_blocks > 0);
	free(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recording_directory_make, recording_directory_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_kinds_of_records_are_counted),
		TEST(a_killed_program_loses_nothing),
		TEST(a_block_in_ring_and_nursery_is_one_block),
		TEST(an_empty_trace_is_a_trace),
		TEST(the_status_survives_reaping),
		TEST(epochs_follow_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

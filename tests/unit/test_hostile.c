/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that write nonsense, ask for what can't be had, or outlive their collector.
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
#include <glob.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Hostile programs ---- */

static int garbage_program(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
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
	struct seep_settings settings = recording_settings();
	struct trace_file *t;

	(void)state;
	recording_start(garbage_program, &settings, NULL);
	t = recording_finish();
	assert_true(t->complete);
	assert_int_equal(t->end.allocations, 2);
	assert_int_equal(t->end.unfreed_bytes, 5000);
	assert_true(t->end.dropped_events >= 6);
	assert_non_null(trace_note(t, SEEP_NOTE_FAULT));
	assert_int_equal(t->nodes[1].parent, 0);
	assert_int_equal(t->nodes[2].module, 0);
	free(t);
}

/* Where a mutex of the C library would have its pointers to the others that its thread holds. */
static int forges_the_futex(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);
	struct producer thread = producer_thread(region);

	producer_alloc(&thread, 0x5000, 2000, producer_node(region, 0, 0, 0x1234));
	memset((char *)&region->alive + 24, 0x41, 16);
	return 0;
}

static void a_forged_futex_leads_nowhere(void **state)
{
	struct seep_settings settings = recording_settings();
	struct trace_file *t;

	(void)state;
	recording_start(forges_the_futex, &settings, NULL);
	t = recording_finish();
	assert_true(t->complete);
	assert_int_equal(t->end.unfreed_bytes, 2000);
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

static int asks_with_a_guess(int connection)
{
	struct seep_wire_region *region;
	int status;

	producer_secret("seep/00112233445566778899aabbccddeeff");
	status = producer_hello(connection, SEEP_HELLO_IMAGE, UINT64_MAX, &region);
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

static void expect_refusal(recording_program *run, const struct seep_settings *settings, const char *fault, int error)
{
	int status;

	recording_start(run, settings, fault);
	recording_expect("failed", recording.traced);
	status = recording_reap(recording.traced);
	assert_true(WIFEXITED(status));
	if (error)
		assert_int_equal(WEXITSTATUS(status), error);
	assert_int_not_equal(recording_reap(recording.collector), 0);
	close(recording.launcher);
	recording.launcher = 0;
}

static void refusals_say_why_and_leave_no_file(void **state)
{
	struct seep_settings settings = recording_settings();
	glob_t found;
	char pattern[80];

	(void)state;
	expect_refusal(asks_and_tells, &settings, "SEEP_DEPTH is nonsense", EINVAL);
	assert_string_equal(recording.path, "SEEP_DEPTH is nonsense");
	expect_refusal(asks_with_no_room, &settings, NULL, ENOMEM);
	assert_non_null(strstr(recording.path, "ulimit -v"));
	expect_refusal(says_nonsense, &settings, NULL, 0);
	expect_refusal(asks_with_a_guess, &settings, NULL, EPERM);
	assert_non_null(strstr(recording.path, "not a program of this run"));
	snprintf(settings.output, sizeof(settings.output), "%s/none/%%p", recording.directory);
	expect_refusal(asks_and_tells, &settings, NULL, ENOENT);
	assert_non_null(strstr(recording.path, "/none/"));
	snprintf(pattern, sizeof(pattern), "%s/*", recording.directory);
	assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
}

static void a_small_address_space_gets_a_small_region(void **state)
{
	struct seep_settings settings = recording_settings();
	struct trace_file *t;

	(void)state;
	recording_start(asks_with_little_room, &settings, NULL);
	t = recording_finish();
	assert_int_equal(t->end.exit_status, 0);
	free(t);
}

/* ---- A collector that dies ---- */

static int watches_the_futex(int connection)
{
	struct seep_wire_region *region = recording_hello(connection);

	if (atomic_load(&region->alive) & FUTEX_OWNER_DIED)
		return 1;
	for (unsigned i = 0; i < RECORDING_PATIENCE_MS / 10; i++) {
		if (atomic_load(&region->alive) & FUTEX_OWNER_DIED)
			return 0;
		usleep(10000);
	}
	return 2;
}

static void the_program_learns_of_the_collectors_death(void **state)
{
	struct seep_settings settings = recording_settings();
	int status;

	(void)state;
	recording_start(watches_the_futex, &settings, NULL);
	recording_expect("started", recording.traced);
	usleep(50000);
	kill(recording.collector, SIGKILL);
	recording_reap(recording.collector);
	status = recording_reap(recording.traced);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recording_directory_make, recording_directory_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(garbage_costs_only_its_own_ring),
		TEST(a_forged_futex_leads_nowhere),
		TEST(refusals_say_why_and_leave_no_file),
		TEST(a_small_address_space_gets_a_small_region),
		TEST(the_program_learns_of_the_collectors_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

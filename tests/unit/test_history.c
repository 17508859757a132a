/* SPDX-License-Identifier: Apache-2.0
 *
 * What history.c says of sites and epochs, on traces whose course is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "history.h"
#include "reader.h"
#include "support_recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct recording_setup setup = {.pid = 1, .executable = "/opt/server"};

static struct seep_trace *finish(struct recording *r, uint8_t **bytes)
{
	struct seep_trace *trace;
	struct seep_error error;
	size_t count;

	recording_end(r, SEEP_END_EXITED, 0, 0, NULL);
	*bytes = recording_bytes(r, &count);
	recording_close(r);
	if (seep_trace_read_memory(&trace, "memory", *bytes, count, &error) < 0)
		fail_msg("%s", error.text);
	for (size_t i = 0; i < trace->fault_count; i++)
		print_message("fault: %s\n", trace->faults[i]);
	assert_true(seep_trace_complete(trace));
	return trace;
}

static uint32_t stack(struct recording *r, uint64_t address)
{
	struct recording_frame frame = {0, address};

	return recording_stack(r, &frame, 1);
}

static void ages_and_peaks_add_up_over_epochs(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	uint32_t a = stack(r, 0xa), b = stack(r, 0xb);
	size_t young = recording_allocate(r, a, 0, 1000), old = recording_allocate(r, a, 0, 10), blocks[4];
	const struct seep_site *site;
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	recording_free(r, young); /* class 0: younger than a second */
	recording_pass(r, 5 * RECORDING_SECOND);
	for (int i = 0; i < 4; i++)
		blocks[i] = recording_allocate(r, b, 0, 100);
	recording_pass(r, 5 * RECORDING_SECOND);
	recording_free(r, old); /* 10 s: class 2 */
	for (int i = 0; i < 3; i++)
		recording_free(r, blocks[i]); /* 5 s: class 1 */
	recording_pass(r, 5 * RECORDING_SECOND);
	t = finish(r, &bytes);
	assert_int_equal(t->site_count, 2);
	site = &t->sites[0];
	assert_int_equal(site->stack, a);
	assert_int_equal(site->allocated.count, 2);
	assert_int_equal(site->allocated.bytes, 1010);
	assert_int_equal(site->freed[0].bytes, 1000);
	assert_int_equal(site->freed[1].count, 0);
	assert_int_equal(site->freed[2].bytes, 10);
	assert_int_equal(site->live.count, 0);
	assert_int_equal(site->peak_bytes, 1010);
	assert_int_equal(site->oldest_birth_ns, SEEP_NEVER);
	site = &t->sites[1];
	assert_int_equal(site->allocated.count, 4);
	assert_int_equal(site->freed[1].count, 3);
	assert_int_equal(site->live.bytes, 100);
	assert_int_equal(site->peak_bytes, 400);
	assert_int_equal(site->oldest_birth_ns, 5 * RECORDING_SECOND);
	assert_int_equal(t->totals.peak_live_bytes, 1010);
	assert_int_equal(t->totals.peak_at_ns, 0);
	seep_trace_free(t);
	free(bytes);
}

struct walked {
	size_t records, last_epoch;
	struct seep_trace_count allocated, freed;
	size_t stop_after;
};

static int visit(void *context, size_t epoch, const struct seep_trace_site *record)
{
	struct walked *w = context;

	assert_true(epoch >= w->last_epoch);
	w->last_epoch = epoch;
	w->records++;
	w->allocated.bytes += record->allocated.bytes;
	for (unsigned age = 0; age < SEEP_AGE_CLASSES; age++)
		w->freed.bytes += record->freed[age].bytes;
	return w->records == w->stop_after ? 7 : 0;
}

static void a_walk_sees_every_record_again(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	struct walked all = {0}, late = {0}, stopped = {.stop_after = 3};
	struct seep_trace *t;
	struct seep_error error;
	uint8_t *bytes;

	(void)state;
	for (uint64_t epoch = 0; epoch < 10; epoch++) {
		size_t freed = recording_allocate(r, stack(r, 0xa), 0, 10);

		recording_allocate(r, stack(r, 0x100 + epoch), 0, 1); /* a new stack in each epoch */
		recording_free(r, freed);
		recording_pass(r, RECORDING_SECOND);
	}
	t = finish(r, &bytes);
	assert_int_equal(seep_history_walk(t, 0, visit, &all, &error), 0);
	assert_int_equal(all.records, 20);
	assert_int_equal(all.allocated.bytes, 110);
	assert_int_equal(all.freed.bytes, 100);
	assert_int_equal(seep_history_walk(t, 8, visit, &late, &error), 0);
	assert_int_equal(late.records, 4);
	assert_int_equal(seep_history_walk(t, 0, visit, &stopped, &error), 7);
	assert_int_equal(stopped.records, 3);
	seep_trace_free(t);
	free(bytes);
}

/* An epoch whose sites do not fit into one frame: the same head again, with the next sites. */
static void an_epoch_may_take_several_frames(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	struct {
		struct seep_trace_epoch head;
		struct seep_trace_site site;
	} part = {.head = {.number = 0,
			  .end_ns = RECORDING_SECOND,
			  .live_count = 2,
			  .live_bytes = 30,
			  .peak_bytes = 30,
			  .unknown_frees = 4,
			  .dropped_events = 2}};
	struct seep_trace_end end = {.how = SEEP_END_EXITED,
		.time_ns = RECORDING_SECOND,
		.allocations = 2,
		.allocated_bytes = 30,
		.unfreed_count = 2,
		.unfreed_bytes = 30,
		.unknown_frees = 4,
		.dropped_events = 2,
		.peak_live_bytes = 30};
	struct {
		struct seep_trace_live head;
		uint64_t counts[2], bytes[2];
		uint32_t stacks[2], tags[2], births[2];
	} live = {.counts = {1, 1}, .bytes = {10, 20}, .stacks = {1, 2}};
	struct walked walked = {0};
	struct seep_trace *t;
	struct seep_error error;
	uint8_t *bytes;
	size_t count;

	(void)state;
	stack(r, 0xa);
	stack(r, 0xb);
	{
		struct {
			struct seep_trace_stacks head;
			struct seep_trace_node nodes[2];
		} stacks = {.head = {.first = 1}, .nodes = {{.address = 0xa}, {.address = 0xb}}};

		recording_frame(r, SEEP_FRAME_STACKS, 2, &stacks, sizeof(stacks));
	}
	part.site = (struct seep_trace_site){.stack = 1, .allocated = {1, 10}, .live = {1, 10}, .peak_bytes = 10};
	recording_frame(r, SEEP_FRAME_EPOCH, 1, &part, sizeof(part));
	part.site = (struct seep_trace_site){.stack = 2, .allocated = {1, 20}, .live = {1, 20}, .peak_bytes = 20};
	recording_frame(r, SEEP_FRAME_EPOCH, 1, &part, sizeof(part));
	recording_frame(r, SEEP_FRAME_LIVE, 2, &live, sizeof(live));
	recording_frame(r, SEEP_FRAME_END, 1, &end, sizeof(end));
	bytes = recording_bytes(r, &count);
	recording_close(r);
	assert_int_equal(seep_trace_read_memory(&t, "memory", bytes, count, &error), 0);
	assert_int_equal(t->fault_count, 0);
	assert_int_equal(t->epoch_count, 1);
	assert_int_equal(t->epochs[0].sites, 2);
	assert_int_equal(t->site_count, 2);
	assert_int_equal(seep_history_walk(t, 0, visit, &walked, &error), 0);
	assert_int_equal(walked.allocated.bytes, 30);
	seep_trace_free(t);
	free(bytes);
}

static void a_missing_epoch_is_a_fault(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	struct seep_trace_epoch later = {.number = 2, .start_ns = 9, .end_ns = 10}, back = {.number = 1, .end_ns = 5};
	struct seep_trace *t;
	struct seep_error error;
	uint8_t *bytes;
	size_t count;

	(void)state;
	recording_pass(r, 5);
	recording_frame(r, SEEP_FRAME_EPOCH, 0, &later, sizeof(later));
	recording_frame(r, SEEP_FRAME_EPOCH, 0, &back, sizeof(back));
	bytes = recording_bytes(r, &count);
	recording_close(r);
	assert_int_equal(seep_trace_read_memory(&t, "memory", bytes, count, &error), 0);
	assert_int_equal(t->epoch_count, 2);
	assert_int_equal(t->fault_count, 2);
	assert_non_null(strstr(t->faults[0], "one is missing"));
	assert_non_null(strstr(t->faults[1], "lies before the last one"));
	seep_trace_free(t);
	free(bytes);
}

/* A site that gains 1000 bytes a second, one that holds 5000, one that goes up and down around the same level, and one that
 * gives back 250 bytes a second. In the last second the first frees nearly all: an outlier. */
static void growth_is_the_median_slope(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	uint32_t leak = stack(r, 0xa), cache = stack(r, 0xb), churn = stack(r, 0xc), shrinks = stack(r, 0xd);
	size_t leaked[40], given_back[40], churned = 0;
	uint32_t both[] = {0, 1};
	struct seep_trace *t;
	uint8_t *bytes;
	double growth;

	(void)state;
	recording_allocate(r, cache, 0, 5000);
	for (int i = 0; i < 40; i++)
		given_back[i] = recording_allocate(r, shrinks, 0, 250);
	for (int i = 0; i < 40; i++) {
		leaked[i] = recording_allocate(r, leak, 0, 1000);
		recording_free(r, given_back[i]);
		if (i % 2)
			recording_free(r, churned);
		else
			churned = recording_allocate(r, churn, 0, 700);
		recording_pass(r, RECORDING_SECOND);
	}
	for (int i = 0; i < 38; i++)
		recording_free(r, leaked[i]);
	recording_pass(r, RECORDING_SECOND);
	t = finish(r, &bytes);
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(seep_history_growth(t, &i, 1, &growth));
		if (t->sites[i].stack == leak)
			assert_true(fabs(growth - 3.6e6) < 1);
		else if (t->sites[i].stack == shrinks)
			assert_true(fabs(growth + 0.9e6) < 1);
		else if (t->sites[i].stack == cache)
			assert_true(growth == 0);
		else
			assert_true(fabs(growth) < 0.2e6);
	}
	both[0] = t->sites[0].stack == leak ? 0 : t->sites[1].stack == leak ? 1 : t->sites[2].stack == leak ? 2 : 3;
	both[1] = t->sites[0].stack == shrinks   ? 0
		  : t->sites[1].stack == shrinks ? 1
		  : t->sites[2].stack == shrinks ? 2
						 : 3;
	assert_true(seep_history_growth(t, both, 2, &growth));
	assert_true(fabs(growth - 2.7e6) < 1);
	seep_trace_free(t);
	free(bytes);
}

static void a_short_trace_has_no_growth(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	uint32_t site = 0;
	struct seep_trace *t;
	uint8_t *bytes;
	double growth;

	(void)state;
	for (int i = 0; i < 5; i++) {
		recording_allocate(r, stack(r, 0xa), 0, 100);
		recording_pass(r, RECORDING_SECOND);
	}
	t = finish(r, &bytes);
	assert_false(seep_history_growth(t, &site, 1, &growth));
	seep_trace_free(t);
	free(bytes);
}

/* Without an end, what it would have said is taken from the epochs. */
static void totals_do_without_an_end(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	struct recording_frame cut[] = {{0, 0xa}, {SEEP_MODULE_TRUNCATED, 0}},
			       lost[] = {{0, 0xb}, {SEEP_MODULE_LOST, 0}};
	struct seep_trace *t;
	struct seep_error error;
	uint8_t *bytes;
	size_t count;

	(void)state;
	recording_allocate(r, recording_stack(r, cut, 2), 0, 10);
	recording_allocate(r, recording_stack(r, cut, 2), 0, 10);
	recording_allocate(r, recording_stack(r, lost, 2), 0, 30);
	recording_drop(r, 3);
	recording_unknown_free(r);
	recording_pass(r, RECORDING_SECOND);
	bytes = recording_bytes(r, &count);
	recording_close(r);
	assert_int_equal(seep_trace_read_memory(&t, "memory", bytes, count, &error), 0);
	assert_int_equal(t->state, SEEP_TRACE_RECOVERED);
	assert_int_equal(t->duration_ns, RECORDING_SECOND);
	assert_int_equal(t->totals.allocated.count, 3);
	assert_int_equal(t->totals.unfreed.bytes, 50);
	assert_int_equal(t->totals.truncated_stacks, 2);
	assert_int_equal(t->totals.lost_stacks, 1);
	assert_int_equal(t->totals.dropped_events, 3);
	assert_int_equal(t->totals.unknown_frees, 1);
	assert_int_equal(t->totals.peak_live_bytes, 50);
	seep_trace_free(t);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_and_peaks_add_up_over_epochs),
		cmocka_unit_test(a_walk_sees_every_record_again),
		cmocka_unit_test(an_epoch_may_take_several_frames),
		cmocka_unit_test(a_missing_epoch_is_a_fault),
		cmocka_unit_test(growth_is_the_median_slope),
		cmocka_unit_test(a_short_trace_has_no_growth),
		cmocka_unit_test(totals_do_without_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * collector/rings.c: in which order events leave the rings, and that nothing can stop them for good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "folds.h"
#include "nurseries.h"
#include "rings.h"
#include "support_producer.h"

#include <stdlib.h>
#include <string.h>

#define THREADS 5u

struct setting {
	struct seep_region region;
	struct seep_books books;
	struct seep_notes notes;
	struct seep_drain *drain;
	struct producer threads[THREADS];
	uint32_t stack;
};

static int setting_make(void **state)
{
	struct seep_settings settings = {.depth_limit = 64};
	struct setting *s = calloc(1, sizeof(*s));
	char message[200];

	*state = s;
	if (seep_region_open(&s->region, &settings, UINT64_MAX, "", NULL, message, sizeof(message)) < 0 ||
		seep_books_open(&s->books) < 0)
		return -1;
	s->drain = calloc(1, sizeof(*s->drain));
	seep_drain_open(s->drain, &s->region, &s->books, &s->notes);
	for (unsigned i = 0; i < THREADS; i++)
		s->threads[i] = producer_thread(s->region.map);
	s->stack = producer_node(s->region.map, 0, 0, 0x1234);
	return 0;
}

static int setting_remove(void **state)
{
	struct setting *s = *state;

	seep_drain_close(s->drain);
	seep_region_close(&s->region, true);
	seep_books_close(&s->books);
	seep_notes_close(&s->notes);
	free(s->drain);
	free(s);
	return 0;
}

static _Atomic uint64_t *shard_of(struct setting *s, uint64_t address)
{
	return (_Atomic uint64_t *)((char *)s->region.map + s->region.map->shards_offset) + seep_wire_shard(address);
}

/* One block at a time, allocated by one thread and freed by the next: there never are two. */
static void a_block_that_goes_from_hand_to_hand_is_one_block(void **state)
{
	struct setting *s = *state;

	for (uint64_t i = 0; i < 3000; i++) {
		producer_alloc(&s->threads[i * 3 % THREADS], 0x1000, 1000, s->stack);
		producer_free(&s->threads[i * 2 % THREADS], 0x1000);
	}
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.allocated.count, 3000);
	assert_int_equal(s->books.totals.freed.count, 3000);
	assert_int_equal(s->books.totals.peak_bytes, 1000);
}

/* Each thread has some blocks at any time and frees mostly its own; the threads run one after the other, as on one processor.
 * Every address is in use by one thread at a time. */
static void peaks_hold_when_threads_take_turns(void **state)
{
	struct setting *s = *state;
	uint64_t live = 0, peak = 0;

	for (uint64_t turn = 0; turn < 2; turn++) {
		for (unsigned thread = 0; thread < THREADS; thread++) {
			for (uint64_t i = 0; i < 600; i++) {
				uint64_t address = 0x10000 + (i % 100) * 64;

				if (turn + thread + i / 100 > 0) {
					producer_free(&s->threads[thread], address);
					live -= 1000;
				}
				producer_alloc(&s->threads[thread], address, 1000, s->stack);
				live += 1000;
				if (live > peak)
					peak = live;
			}
		}
	}
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.live.bytes, live);
	assert_int_equal(s->books.totals.peak_bytes, peak);
}

static void an_event_waits_a_round_for_what_came_before_it(void **state)
{
	struct setting *s = *state;
	struct seep_wire_unit late = {(uint64_t)SEEP_RECORD_FREE << SEEP_WIRE_KIND_SHIFT | 0x1000, 0};

	producer_alloc(&s->threads[0], 0x1000, 1000, s->stack);
	atomic_fetch_add(shard_of(s, 0x1000), 1); /* thread 1 has taken its number and not sent it yet */
	producer_alloc(&s->threads[2], 0x1000, 500, s->stack);
	producer_alloc(&s->threads[2], 0x9000, 20, s->stack);
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.live.bytes, 1000);
	assert_int_equal(atomic_load(&s->threads[2].segment->tail), 0);
	producer_push(&s->threads[1], &late, 1);
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.live.bytes, 520);
	assert_int_equal(s->books.totals.peak_bytes, 1000);
}

static void a_number_that_never_comes_costs_one_round(void **state)
{
	struct setting *s = *state;

	atomic_fetch_add(shard_of(s, 0x1000), 1);
	producer_alloc(&s->threads[2], 0x1000, 500, s->stack);
	producer_free(&s->threads[3], 0x1000);
	producer_alloc(&s->threads[2], 0x1000, 600, s->stack);
	producer_alloc(&s->threads[2], 0x9000, 20, s->stack);
	assert_int_equal(seep_rings_drain(s->drain, false), 0);
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.allocated.count, 3);
	assert_int_equal(s->books.order.used, 1); /* the free, whose turn has not come */
	producer_alloc(&s->threads[2], 0x1000, 700, s->stack); /* nobody waits for this shard again */
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.allocated.count, 4);
	seep_books_settle(&s->books);
	assert_int_equal(s->books.totals.live.bytes, 720);
	assert_int_equal(s->books.totals.unhooked_frees, 1); /* the 600 */
}

static void at_the_end_nothing_waits(void **state)
{
	struct setting *s = *state;

	for (uint64_t i = 0; i < 50; i++) {
		atomic_fetch_add(shard_of(s, 0x1000 + 16 * i), 1);
		producer_alloc(&s->threads[i % THREADS], 0x1000 + 16 * i, 10, s->stack);
	}
	seep_rings_drain(s->drain, true);
	assert_int_equal(s->books.totals.allocated.count, 50);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(atomic_load(&s->threads[i].segment->tail), s->threads[i].head);
}

/* Folds are asides: those behind an event that waits are counted, and not once more when the event goes on. */
static void folds_do_not_wait_for_events(void **state)
{
	struct setting *s = *state;
	uint32_t other = producer_node(s->region.map, 0, 0, 0x5678);

	atomic_fetch_add(shard_of(s, 0x1000), 1);
	producer_fold(&s->threads[0], 3, s->stack, 5, 50);
	producer_alloc(&s->threads[0], 0x1000, 500, s->stack);
	producer_fold(&s->threads[0], 3, other, 7, 70); /* sends the 5 */
	seep_rings_drain(s->drain, false);
	seep_folds_harvest(s->drain);
	assert_int_equal(s->books.totals.allocated.count, 12);
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.allocated.count, 13);
	producer_fold(&s->threads[0], 3, other, 1, 10);
	seep_folds_harvest(s->drain);
	producer_fold(&s->threads[0], 3, s->stack, 2, 20); /* sends the 8, of which 1 is new */
	seep_folds_harvest(s->drain);
	seep_folds_harvest(s->drain);
	assert_int_equal(s->books.totals.allocated.count, 16);
	assert_int_equal(s->books.totals.allocated.bytes, 500 + 50 + 80 + 20);
	assert_int_equal(s->books.totals.live.count, 1);
}

/* Records of all lengths around the end of the ring. */
static void rings_wrap(void **state)
{
	struct setting *s = *state;
	uint64_t events = 0;

	for (unsigned i = 0; i < 3 * SEEP_WIRE_RING_UNITS; i++) {
		char mark[60];

		memset(mark, 'a' + i % 26, sizeof(mark));
		mark[i % sizeof(mark)] = 0;
		if (i % 7 == 0)
			producer_mark(&s->threads[0], mark);
		producer_alloc(&s->threads[0], 0x1000 + 16 * i, 10, s->stack);
		if (i % 3 == 0)
			producer_free(&s->threads[0], 0x1000 + 16 * i);
		events += i % 3 != 0;
		if (i % 500 == 0)
			seep_rings_drain(s->drain, false);
	}
	seep_rings_drain(s->drain, false);
	assert_int_equal(s->books.totals.live.count, events);
	assert_int_equal(s->notes.faults, 0);
	assert_int_equal(s->notes.total, (3 * SEEP_WIRE_RING_UNITS + 6) / 7);
	assert_false(s->drain->segments[0].abandoned);
}

static void drops_are_counted_and_noted_once(void **state)
{
	struct setting *s = *state;
	struct seep_wire_unit dropped = {(uint64_t)SEEP_RECORD_DROPPED << SEEP_WIRE_KIND_SHIFT, 30};

	producer_alloc(&s->threads[0], 0x1000, 10, s->stack);
	atomic_store(&s->threads[0].segment->dropped, 30);
	producer_push(&s->threads[0], &dropped, 1);
	atomic_store(&s->threads[1].segment->dropped, 12);
	seep_rings_drain(s->drain, false);
	assert_true(s->drain->drops_seen);
	for (unsigned i = 0; i < 3; i++)
		seep_drain_count_dropped(s->drain);
	assert_int_equal(s->drain->dropped, 42);
	assert_int_equal(s->notes.total, 1);
	assert_int_equal(((struct seep_trace_note *)s->notes.bytes)->code, SEEP_NOTE_DROPPED);
	assert_int_equal(((struct seep_trace_note *)s->notes.bytes)->value, 42);
	atomic_store(&s->threads[1].segment->dropped, 13);
	seep_drain_count_dropped(s->drain);
	assert_int_equal(s->drain->dropped, 43);
	assert_int_equal(s->notes.total, 2);
}

static void young_blocks_are_read_unless_they_were_just_sent(void **state)
{
	struct setting *s = *state;
	struct seep_nurseries copy;

	producer_young(&s->threads[0], 0, 0x1000, 10, s->stack);
	producer_young(&s->threads[0], 4095, 0x2000, 20, s->stack);
	producer_young(&s->threads[1], 7, 0x3000, 30, s->stack);
	producer_alloc(&s->threads[0], 0x2000, 20, s->stack); /* is in both places */
	producer_free(&s->threads[1], 0x2000);
	atomic_store(&s->threads[1].segment->nursery[8].address, (uint64_t)1 << 60); /* nonsense */
	s->threads[1].segment->nursery[9].stack = 99;
	atomic_store(&s->threads[1].segment->nursery[9].address, 0x7000);
	seep_rings_drain(s->drain, true);
	assert_int_equal(seep_nurseries_copy(&copy, s->drain), 0);
	assert_int_equal(copy.used, 3);
	seep_nurseries_apply(&copy, s->drain);
	seep_nurseries_close(&copy);
	assert_int_equal(s->books.totals.allocated.count, 3);
	assert_int_equal(s->books.totals.live.bytes, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setting_make, setting_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_block_that_goes_from_hand_to_hand_is_one_block),
		TEST(peaks_hold_when_threads_take_turns),
		TEST(an_event_waits_a_round_for_what_came_before_it),
		TEST(a_number_that_never_comes_costs_one_round),
		TEST(at_the_end_nothing_waits),
		TEST(folds_do_not_wait_for_events),
		TEST(rings_wrap),
		TEST(drops_are_counted_and_noted_once),
		TEST(young_blocks_are_read_unless_they_were_just_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The matching in collector/books.c against a simulated program that knows the truth: threads allocate and free the same few
 * addresses, with the numbers of wire.h, and their events arrive in whatever order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "books.h"

#include "seep/wire.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESSES 48u
#define THREADS 6u
#define STEPS 3000u
#define STACKS 7u

/* ---- The simulated program ---- */

enum place {
	NOWHERE, /* the address is not in use */
	LIVE,
	FREEING, /* free has begun: the number is taken, the address not yet available */
};

struct cell {
	enum place place;
	struct seep_event block;
	bool sent; /* else its owner's nursery still has it */
	unsigned owner;
};

struct stream {
	struct seep_event events[2 * STEPS];
	unsigned used;
	unsigned taken;
};

struct program {
	uint64_t random;
	uint64_t counters[SEEP_WIRE_SHARDS];
	uint64_t addresses[ADDRESSES];
	struct cell cells[ADDRESSES];
	struct stream streams[THREADS];
	struct seep_trace_count allocated, freed;
	struct seep_trace_count site_live[STACKS + 1];
	uint64_t unknown_frees;
};

static uint64_t pick(struct program *p, uint64_t below)
{
	p->random = p->random * 6364136223846793005u + 1442695040888963407u;
	return (p->random >> 33) % below;
}

static void send(struct program *p, unsigned thread, const struct seep_event *event)
{
	struct stream *stream = &p->streams[thread];

	assert_true(stream->used < 2 * STEPS);
	stream->events[stream->used++] = *event;
}

static void send_block(struct program *p, struct cell *cell)
{
	if (!cell->sent)
		send(p, cell->owner, &cell->block);
	cell->sent = true;
}

static uint64_t *counter_of(struct program *p, uint64_t address)
{
	return &p->counters[seep_wire_shard(address)];
}

static void program_alloc(struct program *p, unsigned thread, unsigned i)
{
	struct cell *cell = &p->cells[i];
	uint64_t bytes = 1 + pick(p, 5000);

	cell->place = LIVE;
	cell->owner = thread;
	cell->sent = false;
	cell->block = (struct seep_event){.kind = SEEP_EVENT_ALLOC,
		.address = p->addresses[i],
		.order = *counter_of(p, p->addresses[i]),
		.bytes = bytes,
		.stack = 1 + (uint32_t)pick(p, STACKS)};
	p->allocated.count++;
	p->allocated.bytes += bytes;
	p->site_live[cell->block.stack].count++;
	p->site_live[cell->block.stack].bytes += bytes;
	if (pick(p, 3) == 0)
		send_block(p, cell);
}

static void program_free(struct program *p, unsigned thread, unsigned i)
{
	struct cell *cell = &p->cells[i];
	struct seep_event event = {.kind = SEEP_EVENT_FREE, .address = p->addresses[i]};

	/* Nobody but its owner can take a block from a nursery; it will find out later that its block is gone. */
	if (cell->owner == thread)
		send_block(p, cell);
	event.order = (*counter_of(p, p->addresses[i]))++;
	send(p, thread, &event);
	cell->place = FREEING;
	p->freed.count++;
	p->freed.bytes += cell->block.bytes;
	p->site_live[cell->block.stack].count--;
	p->site_live[cell->block.stack].bytes -= cell->block.bytes;
}

/* The address becomes available. What was in a nursery is sent by then or by chance much later. */
static void program_freed(struct program *p, unsigned i)
{
	send_block(p, &p->cells[i]);
	p->cells[i].place = NOWHERE;
}

static void program_hole(struct program *p, unsigned thread, unsigned i)
{
	struct seep_event event = {.kind = SEEP_EVENT_HOLE, .address = p->addresses[i]};

	event.order = (*counter_of(p, event.address))++;
	send(p, thread, &event);
}

static void program_step(struct program *p)
{
	unsigned i = (unsigned)pick(p, ADDRESSES), thread = (unsigned)pick(p, THREADS);
	struct cell *cell = &p->cells[i];
	struct seep_event foreign = {.kind = SEEP_EVENT_FREE, .address = UINT64_C(0x7f0000000000) + i * 16};

	if (pick(p, 50) == 0) {
		foreign.order = (*counter_of(p, foreign.address))++;
		send(p, thread, &foreign);
		p->unknown_frees++;
	} else if (cell->place == NOWHERE) {
		program_alloc(p, thread, i);
	} else if (cell->place == FREEING) {
		program_freed(p, i);
	} else if (pick(p, 10) == 0) {
		program_hole(p, thread, i); /* realloc failed */
	} else if (pick(p, 4) == 0) {
		send_block(p, cell); /* its place in the nursery was wanted for another */
	} else {
		program_free(p, thread, i);
	}
}

static struct program *program_run(uint64_t seed)
{
	struct program *p = calloc(1, sizeof(*p));
	uint64_t shard = seep_wire_shard(0x10000), address = 0x10000;

	assert_non_null(p);
	p->random = seed;
	/* Some addresses share one shard, the others have their own. */
	for (unsigned i = 0; i < ADDRESSES; i++) {
		do
			address += 16;
		while (i % 3 == 0 && seep_wire_shard(address) != shard);
		p->addresses[i] = address;
	}
	for (unsigned i = 0; i < STEPS; i++)
		program_step(p);
	return p;
}

/* ---- Arrival ---- */

/* Each thread's events in their order, the threads at random: what rings do. */
static void arrive_by_thread(struct program *p, struct seep_books *b)
{
	unsigned left = 0;

	for (unsigned i = 0; i < THREADS; i++)
		left += p->streams[i].used;
	while (left) {
		struct stream *stream = &p->streams[pick(p, THREADS)];
		unsigned count = stream->used - stream->taken, most = 1 + (unsigned)pick(p, 100);

		if (count > most)
			count = most;
		seep_books_apply(b, stream->events + stream->taken, count);
		stream->taken += count;
		left -= count;
	}
}

/* All events of all threads in any order. */
static void arrive_shuffled(struct program *p, struct seep_books *b)
{
	struct seep_event *all = calloc(THREADS * 2 * STEPS, sizeof(*all));
	unsigned count = 0;

	for (unsigned i = 0; i < THREADS; i++)
		for (unsigned j = 0; j < p->streams[i].used; j++)
			all[count++] = p->streams[i].events[j];
	for (unsigned i = count; i-- > 1;) {
		unsigned j = (unsigned)pick(p, i + 1);
		struct seep_event swap = all[i];

		all[i] = all[j];
		all[j] = swap;
	}
	seep_books_apply(b, all, count);
	free(all);
}

/* The nurseries at the end: blocks that were never sent (another thread may have freed them meanwhile), and now and then a live one
 * that was sent and not yet cleared. */
static void arrive_nurseries(struct program *p, struct seep_books *b)
{
	for (unsigned i = 0; i < ADDRESSES; i++)
		if (p->cells[i].place != NOWHERE && (!p->cells[i].sent || (p->cells[i].place == LIVE && pick(p, 2))))
			seep_books_apply_young(b, &p->cells[i].block);
}

/* ---- The comparison ---- */

static const struct seep_block *block_at(struct seep_books *b, uint64_t address)
{
	const struct seep_block *at = seep_blocks_find(&b->blocks, address, seep_blocks_hash(&b->blocks, address));

	return at->address == address ? at : NULL;
}

static void compare(struct program *p, struct seep_books *b)
{
	uint64_t live = 0;

	for (unsigned i = 0; i < ADDRESSES; i++) {
		const struct seep_block *block = block_at(b, p->addresses[i]);

		assert_int_equal(block != NULL, p->cells[i].place == LIVE);
		if (!block)
			continue;
		live++;
		assert_int_equal(block->order, p->cells[i].block.order);
		assert_int_equal(block->bytes, p->cells[i].block.bytes);
		assert_int_equal(seep_sites_at(&b->sites, block->site)->stack, p->cells[i].block.stack);
	}
	assert_int_equal(b->blocks.used, live);
	assert_int_equal(b->totals.live.count, live);
	assert_memory_equal(&b->totals.allocated, &p->allocated, sizeof(p->allocated));
	assert_memory_equal(&b->totals.freed, &p->freed, sizeof(p->freed));
	assert_int_equal(b->totals.unknown_frees, p->unknown_frees);
	assert_int_equal(b->totals.unhooked_frees, 0);
	assert_int_equal(b->waiting, 0);
	assert_int_equal(b->order.holes, 0);
	for (uint32_t stack = 1; stack <= STACKS; stack++) {
		const struct seep_site *site = seep_sites_at(&b->sites, seep_sites_find(&b->sites, stack, 0));

		assert_memory_equal(&site->live, &p->site_live[stack], sizeof(site->live));
		assert_int_equal(site->allocated.count - site->freed[0].count, site->live.count);
		assert_int_equal(site->allocated.bytes - site->freed[0].bytes, site->live.bytes);
	}
}

static void simulate(unsigned rounds, uint64_t seed, void (*arrive)(struct program *, struct seep_books *))
{
	for (unsigned i = 0; i < rounds; i++) {
		struct program *p = program_run(seed + i);
		struct seep_books *b = malloc(sizeof(*b));

		assert_int_equal(seep_books_open(b), 0);
		arrive(p, b);
		arrive_nurseries(p, b);
		seep_books_settle(b);
		compare(p, b);
		seep_books_close(b);
		free(b);
		free(p);
	}
}

static void any_order_of_threads_gives_the_truth(void **state)
{
	(void)state;
	simulate(150, 1000, arrive_by_thread);
}

static void any_order_at_all_gives_the_truth(void **state)
{
	(void)state;
	simulate(150, 5000, arrive_shuffled);
}

/* ---- By hand ---- */

static struct seep_books *books_new(void)
{
	struct seep_books *b = malloc(sizeof(*b));

	assert_int_equal(seep_books_open(b), 0);
	return b;
}

static void books_delete(struct seep_books *b)
{
	seep_books_close(b);
	free(b);
}

static void tell_alloc(struct seep_books *b, uint64_t address, uint64_t s, uint64_t bytes)
{
	struct seep_event e = {.kind = SEEP_EVENT_ALLOC,
		.address = address,
		.order = s,
		.bytes = bytes,
		.stack = 1,
		.birth = b->now_tick};

	seep_books_apply(b, &e, 1);
}

static void tell_free(struct seep_books *b, uint64_t address, uint64_t f)
{
	struct seep_event e = {.kind = SEEP_EVENT_FREE, .address = address, .order = f};

	seep_books_apply(b, &e, 1);
}

static void the_later_free_may_come_first(void **state)
{
	struct seep_books *b = books_new();

	(void)state;
	/* s=0 f=0 s=1 f=1 s=2; what arrives is f1 s1 f0 s2 s0. */
	tell_free(b, 0x1000, 1);
	tell_alloc(b, 0x1000, 1, 11);
	tell_free(b, 0x1000, 0);
	tell_alloc(b, 0x1000, 2, 12);
	tell_alloc(b, 0x1000, 0, 10);
	seep_books_settle(b);
	assert_int_equal(b->totals.live.count, 1);
	assert_int_equal(b->totals.live.bytes, 12);
	assert_int_equal(b->totals.freed.bytes, 21);
	assert_int_equal(b->totals.unknown_frees, 0);
	assert_int_equal(b->totals.unhooked_frees, 0);
	books_delete(b);
}

static void a_number_that_never_comes_is_given_up(void **state)
{
	struct seep_books *b = books_new();
	const uint64_t address = 0x2000;

	(void)state;
	tell_alloc(b, address, 0, 10);
	tell_free(b, address, 1); /* number 0 is missing */
	seep_books_tend(b, 10000);
	assert_int_equal(b->totals.live.count, 1);
	b->patience_now = 9999;
	seep_books_tend(b, 10000);
	assert_int_equal(b->totals.live.count, 1);
	b->patience_now = 10000;
	seep_books_tend(b, 10000);
	assert_int_equal(b->totals.live.count, 0);
	assert_int_equal(b->order.holes, 1);
	tell_alloc(b, address, 2, 20);
	tell_free(b, address, 2); /* the shard goes on without waiting */
	assert_int_equal(b->totals.live.count, 0);
	books_delete(b);
}

static void a_crowd_behind_a_missing_number_is_let_go(void **state)
{
	struct seep_books *b = books_new();
	const uint64_t address = 0x2000;

	(void)state;
	for (uint64_t i = 1; i <= SEEP_ORDER_SHARD_MAX; i++)
		tell_free(b, address, i);
	assert_int_equal(b->waiting, 0);
	tell_free(b, address, SEEP_ORDER_SHARD_MAX + 1);
	assert_int_equal(b->waiting, SEEP_ORDER_SHARD_MAX + 1);
	assert_int_equal(b->order.used, 0);
	books_delete(b);
}

static void unseen_frees_are_noticed_when_the_address_returns(void **state)
{
	struct seep_books *b = books_new();

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		tell_alloc(b, 0x3000, 0, 10);
	assert_int_equal(b->totals.live.count, 1);
	assert_int_equal(b->totals.unhooked_frees, 999);
	/* Here the table can't know before the end: number 0 might still come and be the missing free. */
	tell_alloc(b, 0x3000, 1, 20);
	assert_int_equal(b->totals.live.count, 2);
	seep_books_settle(b);
	assert_int_equal(b->totals.live.count, 1);
	assert_int_equal(b->totals.live.bytes, 20);
	assert_int_equal(b->totals.allocated.count - b->totals.freed.count, 1);
	assert_int_equal(b->totals.allocated.bytes - b->totals.freed.bytes, 20);
	assert_int_equal(b->totals.unhooked_frees, 1000);
	books_delete(b);
}

static void an_older_block_that_arrives_late_was_freed_unseen(void **state)
{
	struct seep_books *b = books_new();

	(void)state;
	tell_free(b, 0x3000, 0);
	tell_free(b, 0x3000, 1);
	tell_alloc(b, 0x3000, 2, 20);
	tell_alloc(b, 0x3000, 1, 11); /* its free is 1 */
	tell_alloc(b, 0x3000, 0, 10); /* its free is 0 */
	assert_int_equal(b->totals.unhooked_frees, 0);
	tell_alloc(b, 0x3000, 1, 15); /* there is no free for this one */
	assert_int_equal(b->totals.unhooked_frees, 1);
	assert_int_equal(b->totals.live.count, 1);
	assert_int_equal(b->totals.live.bytes, 20);
	books_delete(b);
}

static void frees_that_wait_for_nothing_are_bounded(void **state)
{
	struct seep_books *b = books_new();
	uint64_t sent = 0;

	(void)state;
	b->waiting_max = 1000;
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t address = 0x100000 + i * 16;

		b->now_tick = (uint32_t)(i / 4);
		tell_free(b, address, b->order.shards[seep_wire_shard(address)].next);
		sent++;
		seep_books_tend(b, 10000);
		assert_true(b->waiting <= 1000);
		assert_int_equal(b->waiting + b->totals.unknown_frees, sent);
	}
	assert_int_equal(b->totals.unknown_frees, b->totals.expired_frees);
	seep_books_settle(b);
	assert_int_equal(b->totals.unknown_frees, sent);
	books_delete(b);
}

static void sites_beyond_the_limit_are_counted(void **state)
{
	static struct seep_sites sites;
	uint32_t used;

	(void)state;
	assert_int_equal(seep_sites_open(&sites), 0);
	assert_int_equal(seep_sites_find(&sites, 5, 0), 1);
	used = sites.used;
	sites.used = SEEP_SITES_MAX;
	assert_int_equal(seep_sites_find(&sites, 6, 0), 0);
	assert_int_equal(seep_sites_find(&sites, 6, 3), 0);
	assert_int_equal(sites.over, 2);
	assert_int_equal(seep_sites_find(&sites, 5, 0), 1); /* who has one keeps it */
	assert_int_equal(sites.over, 2);
	sites.used = used;
	seep_sites_close(&sites);
}

static void ages_have_their_classes(void **state)
{
	static const struct {
		uint32_t ticks;
		unsigned class;
	} ages[] = {{0, 0}, {100, 0}, {101, 1}, {1000, 1}, {1001, 2}, {6000, 2}, {6001, 3}, {60000, 3}, {60001, 4},
		{360000, 4}, {360001, 5}, {UINT32_MAX, 5}};
	struct seep_books *b = books_new();
	uint64_t counts[SEEP_AGE_CLASSES] = {0};

	(void)state;
	for (unsigned i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		const struct seep_site *site = seep_sites_at(&b->sites, seep_sites_find(&b->sites, 1, 0));

		b->now_tick = 0;
		tell_alloc(b, 0x4000, i, 10);
		b->now_tick = ages[i].ticks;
		tell_free(b, 0x4000, i);
		counts[ages[i].class]++;
		for (unsigned class = 0; class < SEEP_AGE_CLASSES; class ++)
			assert_int_equal(site->freed[class].count, counts[class]);
	}
	/* The age of a block whose free came before it is that at the free. */
	b->now_tick = 1000;
	tell_free(b, 0x4000, sizeof(ages) / sizeof(ages[0]));
	b->now_tick = 100000;
	{
		struct seep_event e = {
			.kind = SEEP_EVENT_ALLOC, .address = 0x4000, .order = 5, .stack = 1, .birth = 900};

		seep_books_apply(b, &e, 1);
	}
	assert_int_equal(seep_sites_at(&b->sites, seep_sites_find(&b->sites, 1, 0))->freed[0].count, counts[0] + 1);
	books_delete(b);
}

static void peaks_are_those_of_single_events(void **state)
{
	struct seep_books *b = books_new();

	(void)state;
	b->now_ns = 5;
	tell_alloc(b, 0x1000, 0, 600);
	tell_alloc(b, 0x2000, 0, 400);
	b->now_ns = 6;
	tell_free(b, 0x1000, 0);
	tell_alloc(b, 0x1000, 1, 500);
	assert_int_equal(b->totals.peak_bytes, 1000);
	assert_int_equal(b->totals.peak_at_ns, 5);
	seep_books_next_epoch(b);
	assert_int_equal(b->epoch_peak_bytes, 900);
	b->now_ns = 7;
	tell_free(b, 0x2000, 0);
	tell_alloc(b, 0x5000, 0, 450);
	assert_int_equal(b->epoch_peak_bytes, 950);
	assert_int_equal(b->epoch_peak_at_ns, 7);
	assert_int_equal(b->totals.peak_bytes, 1000);
	assert_int_equal(seep_sites_at(&b->sites, seep_sites_find(&b->sites, 1, 0))->peak_bytes, 1000);
	/* Blocks that came and went within the nursery change no peak. */
	seep_books_fold(b, 1, 0, 1000, 1000000);
	assert_int_equal(b->totals.peak_bytes, 1000);
	assert_int_equal(b->totals.allocated.count, 4 + 1000);
	assert_int_equal(b->totals.freed.count, 2 + 1000);
	books_delete(b);
}

static void a_forked_child_inherits_blocks_and_nothing_else(void **state)
{
	struct seep_books *b = books_new();

	(void)state;
	tell_alloc(b, 0x1000, 0, 10);
	tell_alloc(b, 0x2000, 0, 20);
	tell_alloc(b, 0x3000, 0, 30);
	tell_alloc(b, 0x4000, 0, 40);
	tell_free(b, 0x4000, 0);
	tell_free(b, 0x5000, 0); /* waits, and concerns the parent only */
	assert_int_equal(seep_books_inherit(b), 0);
	assert_int_equal(b->totals.inherited.count, 3);
	assert_int_equal(b->totals.inherited.bytes, 60);
	assert_int_equal(b->totals.allocated.count, 0);
	assert_int_equal(b->totals.unknown_frees, 0);
	tell_free(b, 0x2000, 0); /* numbers begin anew */
	assert_int_equal(b->totals.inherited_frees, 1);
	tell_alloc(b, 0x3000, 0, 33); /* freed before anybody looked: the new one simply takes its place */
	tell_alloc(b, 0x2000, 1, 22);
	seep_books_settle(b);
	assert_int_equal(b->totals.live.count, 2);
	assert_int_equal(b->totals.live.bytes, 55);
	assert_int_equal(b->totals.freed.count, 0);
	assert_int_equal(b->totals.unhooked_frees, 0);
	assert_int_equal(b->totals.inherited_frees, 1);
	assert_int_equal(b->blocks.used, 3); /* with what is still inherited */
	/* A child of the child inherits both kinds. */
	assert_int_equal(seep_books_inherit(b), 0);
	assert_int_equal(b->totals.inherited.count, 3);
	assert_int_equal(b->totals.inherited.bytes, 10 + 33 + 22);
	books_delete(b);
}

/* More forks in a row than there are generations: each child adds a block and frees one. */
static void inheritance_has_no_end(void **state)
{
	struct seep_books *b = books_new();

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		tell_alloc(b, 0x1000 + 16 * i, 0, 10);
		if (i >= 5)
			tell_free(b, 0x1000 + 16 * (i - 5), 0);
		assert_int_equal(b->totals.live.count, 1);
		assert_int_equal(b->totals.inherited_frees, i >= 5);
		assert_int_equal(seep_books_inherit(b), 0);
		assert_int_equal(b->totals.inherited.count, i < 5 ? i + 1 : 5);
		assert_int_equal(b->blocks.used, i < 5 ? i + 1 : 5);
	}
	books_delete(b);
}

static void a_block_takes_at_most_48_bytes(void **state)
{
	struct seep_books *b = books_new();
	uint64_t address = 0x100000, checks = 0;

	(void)state;
	for (uint64_t i = 0; i < 1500000; i++) {
		tell_alloc(b, address += 16 + 16 * (i % 7), 0, 10);
		if (i >= 50000 && i % 1000 == 0) {
			assert_true(seep_blocks_memory(&b->blocks) <= 48 * b->blocks.used);
			checks++;
		}
	}
	assert_int_equal(checks, 1450);
	assert_int_equal(b->blocks.used, 1500000);
	books_delete(b);
}

static void memory_is_given_back(void **state)
{
	struct seep_books *b = books_new();

	(void)state;
	for (uint64_t i = 1; i <= 300000; i++)
		tell_alloc(b, i * 64, 0, 10);
	for (uint64_t i = 1; i <= 300000; i++)
		tell_free(b, i * 64, b->order.shards[seep_wire_shard(i * 64)].next);
	assert_int_equal(b->blocks.used, 0);
	assert_true(seep_blocks_memory(&b->blocks) > 9000000);
	seep_books_next_epoch(b);
	assert_true(seep_blocks_memory(&b->blocks) < 1000000);
	tell_alloc(b, 64, UINT32_MAX, 10);
	assert_int_equal(b->blocks.used, 1);
	books_delete(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_of_threads_gives_the_truth),
		cmocka_unit_test(any_order_at_all_gives_the_truth),
		cmocka_unit_test(the_later_free_may_come_first),
		cmocka_unit_test(a_number_that_never_comes_is_given_up),
		cmocka_unit_test(a_crowd_behind_a_missing_number_is_let_go),
		cmocka_unit_test(unseen_frees_are_noticed_when_the_address_returns),
		cmocka_unit_test(an_older_block_that_arrives_late_was_freed_unseen),
		cmocka_unit_test(frees_that_wait_for_nothing_are_bounded),
		cmocka_unit_test(sites_beyond_the_limit_are_counted),
		cmocka_unit_test(ages_have_their_classes),
		cmocka_unit_test(peaks_are_those_of_single_events),
		cmocka_unit_test(a_forked_child_inherits_blocks_and_nothing_else),
		cmocka_unit_test(inheritance_has_no_end),
		cmocka_unit_test(a_block_takes_at_most_48_bytes),
		cmocka_unit_test(memory_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * books.c: how many events a second the collector's books take, without rings and producers. Prints one line for each
 * number of live blocks: the two phases are filling the table and then replacing random blocks one by one.
 *
 * Usage: books [EVENTS]
 */
#include "books.h"

#include "seep/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH 2048u /* events, about a ring's */
#define SITES 5000u

struct load {
	struct seep_books books;
	uint64_t *counters; /* the shards */
	uint64_t *addresses; /* live */
	uint64_t random;
	uint64_t next_address;
	struct seep_event events[BATCH];
	unsigned used;
	uint64_t spent_ns; /* in the books */
	uint64_t total;
};

static uint64_t pick(struct load *l, uint64_t below)
{
	l->random = l->random * 6364136223846793005u + 1442695040888963407u;
	return (uint64_t)((unsigned __int128)l->random * below >> 64);
}

/* Of this thread's own processor time, so that a busy machine disturbs less. */
static uint64_t spent_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void flush(struct load *l)
{
	uint64_t start = spent_ns();

	seep_books_apply(&l->books, l->events, l->used);
	l->spent_ns += spent_ns() - start;
	l->total += l->used;
	l->used = 0;
}

static void tell(struct load *l, const struct seep_event *event)
{
	l->events[l->used++] = *event;
	if (l->used == BATCH)
		flush(l);
}

static void allocate(struct load *l, uint64_t slot)
{
	struct seep_event e = {.kind = SEEP_EVENT_ALLOC, .bytes = 1024 + slot % 512, .stack = (uint32_t)pick(l, SITES)};

	e.address = l->addresses[slot];
	e.order = l->counters[seep_wire_shard(e.address)];
	tell(l, &e);
}

static void release(struct load *l, uint64_t slot)
{
	struct seep_event e = {.kind = SEEP_EVENT_FREE, .address = l->addresses[slot]};

	e.order = l->counters[seep_wire_shard(e.address)]++;
	tell(l, &e);
}

static double rate(struct load *l)
{
	double millions;

	flush(l);
	millions = (double)l->total * 1e3 / (double)l->spent_ns;
	l->total = l->spent_ns = 0;
	return millions;
}

static int measure(struct load *l, uint64_t live, uint64_t events)
{
	double filling, replacing;

	l->addresses = malloc(live * sizeof(*l->addresses));
	l->counters = calloc(SEEP_WIRE_SHARDS, sizeof(*l->counters));
	if (!l->addresses || !l->counters || seep_books_open(&l->books) < 0)
		return -1;
	for (uint64_t i = 0; i < live; i++) {
		l->addresses[i] = l->next_address += 16 * (1 + pick(l, 8));
		allocate(l, i);
	}
	filling = rate(l);
	for (uint64_t i = 0; i < events / 2; i++) {
		uint64_t slot = pick(l, live);

		release(l, slot);
		allocate(l, slot);
	}
	replacing = rate(l);
	if (l->books.totals.live.count != live || l->books.totals.unknown_frees || l->books.totals.unhooked_frees)
		return -1;
	printf("%10llu live blocks: %5.1f million allocations/s, then %5.1f million events/s; %.1f bytes a block\n",
		(unsigned long long)live, filling, replacing,
		(double)seep_blocks_memory(&l->books.blocks) / (double)live);
	seep_books_close(&l->books);
	free(l->addresses);
	free(l->counters);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	struct load *l = calloc(1, sizeof(*l));
	static const uint64_t live[] = {1000, 100000, 1000000, 4000000};

	for (unsigned i = 0; l && i < sizeof(live) / sizeof(live[0]); i++) {
		l->random = 1;
		l->next_address = UINT64_C(0x7f0000000000);
		if (measure(l, live[i], events) < 0) {
			fprintf(stderr, "books: out of memory, or the books are wrong\n");
			return 1;
		}
	}
	free(l);
	return l == NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * live.c: the LIVE frames. Called by finish.c once, at the end. One thread.
 *
 * There may be many millions of blocks, so they are sorted where they are: each part of the table by itself, and then the 256
 * sorted parts are merged on their way into the file, where equal ones become one entry.
 */
#include "live.h"

#include "seep/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_A_FRAME (512u * 1024)

_Static_assert(
	sizeof(struct seep_trace_live) + ENTRIES_A_FRAME * SEEP_LIVE_ENTRY_BYTES <= SEEP_FRAME_RAW_MAX, "fits a frame");

/* A part that has blocks left; `tops` is a heap of them, the least block first. */
struct run {
	const struct seep_block *next;
	const struct seep_block *end;
};

struct merge {
	const struct seep_sites *sites;
	struct run tops[SEEP_BLOCKS_PARTS];
	unsigned count;
};

static int compare(const void *left, const void *right, void *context)
{
	const struct seep_block *a = left, *b = right;

	if (a->site != b->site) {
		const struct seep_site *site_a = seep_sites_at(context, a->site);
		const struct seep_site *site_b = seep_sites_at(context, b->site);

		if (site_a->stack != site_b->stack)
			return site_a->stack < site_b->stack ? -1 : 1;
		return site_a->tag < site_b->tag ? -1 : 1;
	}
	if (a->birth != b->birth)
		return a->birth < b->birth ? -1 : 1;
	return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

static bool run_before(const struct merge *m, unsigned a, unsigned b)
{
	return compare(m->tops[a].next, m->tops[b].next, (void *)m->sites) < 0;
}

static void sift_down(struct merge *m, unsigned at)
{
	for (;;) {
		unsigned least = at, child = 2 * at + 1;
		struct run swap;

		if (child < m->count && run_before(m, child, least))
			least = child;
		if (child + 1 < m->count && run_before(m, child + 1, least))
			least = child + 1;
		if (least == at)
			return;
		swap = m->tops[at];
		m->tops[at] = m->tops[least];
		m->tops[least] = swap;
		at = least;
	}
}

/* Moves the part's own blocks to its start, with the birth of their cohort, and sorts them. Returns how many there are. */
static uint32_t part_sort(struct seep_books *books, struct seep_blocks_part *part)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < part->homes + part->spare; i++)
		if (part->slots[i].address && !seep_books_inherited(books, &part->slots[i])) {
			part->slots[count] = part->slots[i];
			part->slots[count].birth = seep_cohorts_floor(&books->cohorts, part->slots[i].birth);
			count++;
		}
	qsort_r(part->slots, count, sizeof(*part->slots), compare, &books->sites);
	return count;
}

static uint64_t merge_open(struct merge *m, struct seep_books *books)
{
	uint64_t total = 0;

	m->sites = &books->sites;
	m->count = 0;
	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++) {
		struct seep_blocks_part *part = &books->blocks.parts[i];
		uint32_t count = part_sort(books, part);

		total += count;
		if (count)
			m->tops[m->count++] = (struct run){.next = part->slots, .end = part->slots + count};
	}
	for (unsigned i = m->count; i-- > 0;)
		sift_down(m, i);
	return total;
}

static const struct seep_block *merge_next(struct merge *m)
{
	const struct seep_block *block = m->tops[0].next++;

	if (m->tops[0].next == m->tops[0].end)
		m->tops[0] = m->tops[--m->count];
	sift_down(m, 0);
	return block;
}

/* Takes the next block and all that equal it. Returns how many they are. */
static uint64_t cohort_next(struct merge *m, struct seep_block *block)
{
	uint64_t count = 1;

	*block = *merge_next(m);
	while (m->count && compare(m->tops[0].next, block, (void *)m->sites) == 0) {
		merge_next(m);
		count++;
	}
	return count;
}

static int frame_write(struct merge *m, uint8_t *raw, uint32_t room, struct seep_writer *writer)
{
	uint64_t *counts = (uint64_t *)(raw + sizeof(struct seep_trace_live));
	uint64_t *bytes = counts + room;
	uint32_t *stacks = (uint32_t *)(bytes + room);
	uint32_t *tags = stacks + room;
	uint32_t *births = tags + room;
	uint32_t used = 0;

	memset(raw, 0, sizeof(struct seep_trace_live));
	for (; m->count && used < room; used++) {
		struct seep_block block;
		const struct seep_site *site;

		counts[used] = cohort_next(m, &block);
		bytes[used] = block.bytes;
		site = seep_sites_at(m->sites, block.site);
		stacks[used] = site->stack;
		tags[used] = site->tag;
		births[used] = block.birth;
	}
	/* The columns stand as far apart as a full frame wants it; the first one is in place. */
	memmove(counts + used, bytes, used * sizeof(*bytes));
	bytes = counts + used;
	memmove(bytes + used, stacks, used * sizeof(*stacks));
	stacks = (uint32_t *)(bytes + used);
	memmove(stacks + used, tags, used * sizeof(*tags));
	memmove(stacks + 2 * (size_t)used, births, used * sizeof(*births));
	return seep_writer_frame(writer, SEEP_FRAME_LIVE, used, raw,
		sizeof(struct seep_trace_live) + (size_t)used * SEEP_LIVE_ENTRY_BYTES);
}

int seep_live_write(struct seep_books *books, struct seep_writer *writer)
{
	struct merge m;
	uint64_t blocks = merge_open(&m, books);
	uint32_t room = blocks < ENTRIES_A_FRAME ? (uint32_t)blocks : ENTRIES_A_FRAME;
	uint8_t *raw = malloc(sizeof(struct seep_trace_live) + (size_t)room * SEEP_LIVE_ENTRY_BYTES);
	int status = 0;

	if (!raw) {
		errno = ENOMEM;
		return -1;
	}
	while (m.count && status == 0)
		status = frame_write(&m, raw, room, writer);
	free(raw);
	return status;
}

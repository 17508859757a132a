/* SPDX-License-Identifier: Apache-2.0
 *
 * live.c: the LIVE frames. Called by session.c once, at the end. One thread.
 *
 * There may be many millions of blocks, so they are sorted where they are: each part of the table by itself, and then the 256
 * sorted parts are merged on their way into the file.
 */
#include "live.h"

#include "seep/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_A_FRAME (512u * 1024)
#define BLOCK_BYTES 28u /* in the five columns */

_Static_assert(sizeof(struct seep_trace_live) + BLOCKS_A_FRAME * BLOCK_BYTES <= SEEP_FRAME_RAW_MAX, "fits a frame");

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
	return a->address < b->address ? -1 : a->address > b->address;
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

/* Moves the part's own blocks to its start and sorts them. Returns how many there are. */
static uint32_t part_sort(struct seep_books *books, struct seep_blocks_part *part)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < part->homes + part->spare; i++)
		if (part->slots[i].address && !seep_books_inherited(books, &part->slots[i]))
			part->slots[count++] = part->slots[i];
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

static int frame_write(struct merge *m, uint32_t count, uint8_t *raw, struct seep_writer *writer)
{
	uint64_t *address = (uint64_t *)(raw + sizeof(struct seep_trace_live));
	uint64_t *bytes = address + count;
	uint32_t *stack = (uint32_t *)(bytes + count);
	uint32_t *tag = stack + count;
	uint32_t *birth = tag + count;

	memset(raw, 0, sizeof(struct seep_trace_live));
	for (uint32_t i = 0; i < count; i++) {
		const struct seep_block *block = merge_next(m);
		const struct seep_site *site = seep_sites_at(m->sites, block->site);

		address[i] = block->address;
		bytes[i] = block->bytes;
		stack[i] = site->stack;
		tag[i] = site->tag;
		birth[i] = block->birth;
	}
	return seep_writer_frame(
		writer, SEEP_FRAME_LIVE, count, raw, sizeof(struct seep_trace_live) + (size_t)count * BLOCK_BYTES);
}

int seep_live_write(struct seep_books *books, struct seep_writer *writer)
{
	struct merge m;
	uint64_t left = merge_open(&m, books);
	uint8_t *raw =
		malloc(sizeof(struct seep_trace_live) + (left < BLOCKS_A_FRAME ? left : BLOCKS_A_FRAME) * BLOCK_BYTES);
	int status = 0;

	if (!raw) {
		errno = ENOMEM;
		return -1;
	}
	while (left && status == 0) {
		uint32_t count = left < BLOCKS_A_FRAME ? (uint32_t)left : BLOCKS_A_FRAME;

		status = frame_write(&m, count, raw, writer);
		left -= count;
	}
	free(raw);
	return status;
}

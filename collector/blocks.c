/* SPDX-License-Identifier: Apache-2.0
 *
 * blocks.c: the table of live blocks. Called by books.c for every event, and by live.c at the end. One thread.
 */
#include "blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define HOMES_FIRST 8u
#define HOMES_MAX (1u << 30)

static uint32_t spare_of(uint32_t homes)
{
	return 8 + homes / 64;
}

/* Places blocks, given in the order of their hashes, one after the other. */
struct placing {
	const struct seep_blocks *table;
	struct seep_blocks_part *part;
	uint32_t next; /* the first slot that is still free for certain */
};

static bool place(struct placing *p, const struct seep_block *block)
{
	uint32_t slot = seep_blocks_home(p->part, seep_blocks_hash(p->table, block->address));

	if (slot < p->next)
		slot = p->next;
	if (slot >= p->part->homes + p->part->spare - 1)
		return false;
	p->part->slots[slot] = *block;
	p->next = slot + 1;
	return true;
}

/* Moves a part into a new array with at least so many homes. */
static int rebuild(const struct seep_blocks *b, struct seep_blocks_part *part, uint64_t homes)
{
	for (; homes <= HOMES_MAX; homes += homes / 8 + HOMES_FIRST) {
		struct seep_blocks_part larger = {.homes = (uint32_t)homes, .used = part->used};
		struct placing p = {.table = b, .part = &larger};
		bool fits = true;

		larger.spare = spare_of(larger.homes);
		larger.limit = (uint32_t)(homes * 4 / 5);
		larger.slots = calloc(larger.homes + larger.spare, sizeof(*larger.slots));
		if (!larger.slots)
			break;
		for (uint32_t i = 0; fits && part->used && i < part->homes + part->spare; i++)
			if (part->slots[i].address)
				fits = place(&p, &part->slots[i]);
		if (fits) {
			free(part->slots);
			*part = larger;
			return 0;
		}
		free(larger.slots);
	}
	errno = ENOMEM;
	return -1;
}

int seep_blocks_open(struct seep_blocks *b)
{
	memset(b, 0, sizeof(*b));
	if (getrandom(&b->seed, sizeof(b->seed), GRND_NONBLOCK) != sizeof(b->seed))
		b->seed = (uint64_t)time(NULL) * 0x9e3779b97f4a7c15u;
	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++) {
		if (rebuild(b, &b->parts[i], HOMES_FIRST) < 0) {
			seep_blocks_close(b);
			return -1;
		}
	}
	return 0;
}

void seep_blocks_close(struct seep_blocks *b)
{
	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++)
		free(b->parts[i].slots);
	memset(b, 0, sizeof(*b));
}

struct seep_block *seep_blocks_find(struct seep_blocks *b, uint64_t address, uint64_t hash)
{
	const struct seep_blocks_part *part = seep_blocks_part(b, hash);
	struct seep_block *slot = part->slots + seep_blocks_home(part, hash);

	while (slot->address && slot->address != address && seep_blocks_hash(b, slot->address) < hash)
		slot++;
	return slot;
}

int seep_blocks_insert(struct seep_blocks *b, struct seep_block *at, const struct seep_block *block, uint64_t hash)
{
	struct seep_blocks_part *part = seep_blocks_part(b, hash);
	struct seep_block *last = part->slots + part->homes + part->spare - 1;
	struct seep_block *end = at;

	while (end->address)
		end++;
	while (part->used >= part->limit || end == last) {
		if (rebuild(b, part, (uint64_t)part->homes + part->homes / 8 + HOMES_FIRST) < 0)
			return -1;
		last = part->slots + part->homes + part->spare - 1;
		for (end = at = seep_blocks_find(b, block->address, hash); end->address; end++)
			;
	}
	memmove(at + 1, at, (size_t)((char *)end - (char *)at));
	*at = *block;
	part->used++;
	b->used++;
	return 0;
}

void seep_blocks_remove(struct seep_blocks *b, struct seep_block *block, uint64_t hash)
{
	struct seep_blocks_part *part = seep_blocks_part(b, hash);
	struct seep_block *end = block + 1;

	/* All that stand behind their homes move up by one, as far as the run is one of such. */
	while (end->address && part->slots + seep_blocks_home(part, seep_blocks_hash(b, end->address)) < end)
		end++;
	memmove(block, block + 1, (size_t)((char *)end - (char *)(block + 1)));
	end[-1].address = 0;
	part->used--;
	b->used--;
}

static void trim(const struct seep_blocks *b, struct seep_blocks_part *part)
{
	uint64_t enough = (uint64_t)part->used * 3 / 2 + HOMES_FIRST;

	if (part->homes > 256 && part->homes / 4 > enough)
		(void)rebuild(b, part, enough); /* without memory for a smaller one the large one will do */
}

static void part_sift(const struct seep_blocks *b, struct seep_blocks_part *part,
	bool (*keep)(struct seep_block *block, void *context), void *context)
{
	uint32_t next = 0; /* the first slot that may be filled */

	part->used = 0;
	for (uint32_t i = 0; i < part->homes + part->spare; i++) {
		struct seep_block *from = &part->slots[i];
		uint32_t slot;

		if (!from->address)
			continue;
		if (!keep(from, context)) {
			from->address = 0;
			continue;
		}
		slot = seep_blocks_home(part, seep_blocks_hash(b, from->address));
		if (slot < next)
			slot = next;
		if (slot != i) {
			part->slots[slot] = *from;
			from->address = 0;
		}
		next = slot + 1;
		part->used++;
	}
}

void seep_blocks_sift(struct seep_blocks *b, bool (*keep)(struct seep_block *block, void *context), void *context)
{
	b->used = 0;
	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++) {
		part_sift(b, &b->parts[i], keep, context);
		b->used += b->parts[i].used;
	}
}

void seep_blocks_trim(struct seep_blocks *b)
{
	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++)
		trim(b, &b->parts[i]);
}

uint64_t seep_blocks_memory(const struct seep_blocks *b)
{
	uint64_t slots = 0;

	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++)
		slots += b->parts[i].homes + b->parts[i].spare;
	return slots * sizeof(struct seep_block);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * blocks.h: the table of live blocks, by address. It holds a few frees too, those that came before their allocations.
 * What entries at one address mean for each other is books.c's business; this is only the table.
 *
 * Memory: 32 bytes an entry at a load between 0.71 and 0.80, so at most 48 bytes a block from some 50,000 blocks on.
 *
 * 256 parts by the upper bits of a hash, so that growth copies one part at a time. In a part, linear probing ordered by
 * hash: an entry stands at its home or behind it, and hashes ascend along a run of occupied slots. So a search ends at
 * the first larger hash, and equal addresses are neighbours. No wrap-around: a few spare slots follow the last home.
 */
#ifndef SEEP_COLLECTOR_BLOCKS_H
#define SEEP_COLLECTOR_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEP_BLOCKS_PARTS 256u

enum seep_block_flag {
	SEEP_BLOCK_TWIN = 1, /* older entries with this address may follow it */
	SEEP_BLOCK_WAITING = 2, /* a free that waits for its allocation: order is f, birth the tick it came */
	SEEP_BLOCK_DEAD = 4, /* about to be removed */
};

struct seep_block {
	uint64_t address; /* 0: an empty slot */
	uint64_t order; /* s, see include/seep/wire.h */
	uint64_t bytes : 48;
	uint64_t flags : 8;
	uint64_t
		generation : 8; /* see books.h: blocks of an earlier one are inherited, and only their address, order and bytes count */
	uint32_t site;
	uint32_t birth; /* tick */
};

struct seep_blocks_part {
	struct seep_block *slots; /* homes, then spare slots, the last of which is always empty */
	uint32_t homes;
	uint32_t spare;
	uint32_t used;
	uint32_t limit; /* grows before it holds more */
};

struct seep_blocks {
	uint64_t seed;
	uint64_t used;
	struct seep_blocks_part parts[SEEP_BLOCKS_PARTS];
};

/* A seeded bijection: distinct addresses have distinct hashes, and a program can't aim for collisions. */
static inline uint64_t seep_blocks_hash(const struct seep_blocks *b, uint64_t address)
{
	uint64_t x = (address ^ b->seed) * 0x9e3779b97f4a7c15u;

	x ^= x >> 32;
	return x * 0xd6e8feb86659fd93u;
}

static inline struct seep_blocks_part *seep_blocks_part(struct seep_blocks *b, uint64_t hash)
{
	return &b->parts[hash >> 56];
}

static inline uint32_t seep_blocks_home(const struct seep_blocks_part *part, uint64_t hash)
{
	return (uint32_t)(((hash >> 24 & 0xffffffffu) * part->homes) >> 32);
}

/* An insertion or removal touches on average some eight slots from the home on, now and then twenty.
 * always_inline: gcc takes a function that only prefetches for one without effect, and drops calls of it. */
static inline __attribute__((always_inline)) void seep_blocks_prefetch(struct seep_blocks *b, uint64_t hash)
{
	const struct seep_blocks_part *part = seep_blocks_part(b, hash);
	const char *home = (const char *)(part->slots + seep_blocks_home(part, hash));

	__builtin_prefetch(home, 1);
	__builtin_prefetch(home + 64, 1);
	__builtin_prefetch(home + 128, 1);
	__builtin_prefetch(home + 192, 1);
	__builtin_prefetch(home + 256, 1);
}

/* Both return 0 or -1 with ENOMEM. */
int seep_blocks_open(struct seep_blocks *b);
void seep_blocks_close(struct seep_blocks *b);

/* The entry with this address that was inserted last (earlier ones follow it directly), or else where one would stand. */
struct seep_block *seep_blocks_find(struct seep_blocks *b, uint64_t address, uint64_t hash);

/* Inserts *block at the place that seep_blocks_find has just given. Pointers into the table are invalid afterwards.
 * Returns 0, or -1 with ENOMEM, nothing changed. */
int seep_blocks_insert(struct seep_blocks *b, struct seep_block *at, const struct seep_block *block, uint64_t hash);

/* Removes one entry. Pointers into the table are invalid afterwards. */
void seep_blocks_remove(struct seep_blocks *b, struct seep_block *block, uint64_t hash);

/* Keeps the entries for which keep() says true; keep may change all but the address. Calls it part by part, equal
 * addresses one after the other. Memory of entries that stay as and where they are is only read, so that it stays shared
 * with a forked process. */
void seep_blocks_sift(struct seep_blocks *b, bool (*keep)(struct seep_block *block, void *context), void *context);

/* Gives memory back where a part has become much too large. */
void seep_blocks_trim(struct seep_blocks *b);

/* Bytes of memory that the table takes. */
uint64_t seep_blocks_memory(const struct seep_blocks *b);

#endif

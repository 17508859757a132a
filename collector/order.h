/* SPDX-License-Identifier: Apache-2.0
 *
 * order.h: puts frees back into the order in which they were numbered (ORDER in include/seep/wire.h).
 *
 * The numbers f of a shard are dense, so the next one is known, and a free that comes before its predecessors is held
 * until they came. A number that never comes (its thread died between taking and sending it, or its record was dropped)
 * must not hold up a shard for ever: see seep_order_release.
 */
#ifndef SEEP_COLLECTOR_ORDER_H
#define SEEP_COLLECTOR_ORDER_H

#include "seep/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define SEEP_ORDER_NUMBER_MAX (UINT64_C(1) << 62) /* larger numbers are no numbers */
#define SEEP_ORDER_SHARD_MAX 16384u /* held frees of one shard, beyond which its hole is given up */
#define SEEP_ORDER_HELD_MAX (4u * 1024 * 1024) /* held frees of all shards */

/* A free, or a number that ends nothing. */
struct seep_order_item {
	uint64_t f;
	uint64_t address : 56; /* never 0: tells the shard */
	uint64_t hole : 8;
};

struct seep_order_shard {
	uint64_t next; /* all smaller numbers have been processed, or given up */
	uint32_t held;
	uint32_t stuck_since; /* valid where held: when the shard last went on, in the caller's unit */
	uint64_t let_go; /* nobody waits for this value of `next` (+ 1) any more */
};

struct seep_order {
	struct seep_order_shard *shards; /* SEEP_WIRE_SHARDS; from calloc, so that a short recording touches but few */
	struct seep_order_item *slots; /* hash table by shard and f; address 0 is empty */
	uint32_t slots_mask;
	uint32_t used;
	bool crowded; /* some shard or the table is over its limit: call seep_order_release */
	uint64_t holes; /* numbers given up */
	uint64_t late; /* items that came after they had been given up */
};

int seep_order_open(struct seep_order *o); /* 0, or -1 with ENOMEM */
void seep_order_close(struct seep_order *o);

/* Asks for the memory that an item of this shard needs. */
static inline __attribute__((always_inline)) void seep_order_prefetch(const struct seep_order *o, uint32_t shard)
{
	__builtin_prefetch(&o->shards[shard], 1);
}

/* Whether all numbers below `number` have been processed, so that what comes after them may be. Also true where it is no use
 * to wait: an item is held already, or seep_order_let_go was called since the shard went on last. */
static inline bool seep_order_is_due(const struct seep_order *o, uint32_t shard, uint64_t number)
{
	const struct seep_order_shard *s = &o->shards[shard];

	return number <= s->next || s->held || s->let_go == s->next + 1;
}

static inline void seep_order_let_go(struct seep_order *o, uint32_t shard)
{
	o->shards[shard].let_go = o->shards[shard].next + 1;
}

/* Takes an item. True: it is next (or was given up before), process it now and then whatever seep_order_next gives.
 * False: it is held. */
bool seep_order_take(struct seep_order *o, uint32_t shard, const struct seep_order_item *item, uint32_t now);

/* Gives the next held item of this shard, if it is there. */
bool seep_order_next(struct seep_order *o, uint32_t shard, struct seep_order_item *item, uint32_t now);

/* Gives up the holes of all shards that have been stuck for at least `patience` (0: of all), or are over their limit.
 * Their held items come to `process` in order. */
void seep_order_release(struct seep_order *o, uint32_t now, uint32_t patience,
	void (*process)(const struct seep_order_item *item, void *context), void *context);

/* ---- For checkpoints: the state of an order that is newly open ---- */

/* All but `held`. */
void seep_order_restore_shard(struct seep_order *o, uint32_t shard, const struct seep_order_shard *state);

/* An item that is held. False: it can't be, or there is no memory. */
bool seep_order_restore_item(struct seep_order *o, const struct seep_order_item *item);

#endif

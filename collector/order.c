/* SPDX-License-Identifier: Apache-2.0
 *
 * order.c: frees in the order of their numbers. Called by books.c. One thread.
 */
#include "order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 1024u

static uint32_t home_of(const struct seep_order *o, uint32_t shard, uint64_t f)
{
	uint64_t x = (f << SEEP_WIRE_SHARD_BITS | shard) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(x >> 32) & o->slots_mask;
}

static uint32_t item_home(const struct seep_order *o, const struct seep_order_item *item)
{
	return home_of(o, seep_wire_shard(item->address), item->f);
}

static void insert(struct seep_order *o, const struct seep_order_item *item)
{
	uint32_t slot = item_home(o, item);

	while (o->slots[slot].address)
		slot = (slot + 1) & o->slots_mask;
	o->slots[slot] = *item;
	o->used++;
}

static void erase(struct seep_order *o, uint32_t slot)
{
	for (uint32_t from = (slot + 1) & o->slots_mask; o->slots[from].address; from = (from + 1) & o->slots_mask) {
		uint32_t home = item_home(o, &o->slots[from]);

		/* Only what may stand at `slot`: its home is not between the two, cyclically. */
		if (((from - home) & o->slots_mask) >= ((from - slot) & o->slots_mask)) {
			o->slots[slot] = o->slots[from];
			slot = from;
		}
	}
	o->slots[slot].address = 0;
	o->used--;
}

static bool resize(struct seep_order *o, uint32_t size)
{
	struct seep_order_item *old = o->slots;
	uint32_t old_size = old ? o->slots_mask + 1 : 0;
	struct seep_order_item *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return false;
	o->slots = slots;
	o->slots_mask = size - 1;
	o->used = 0;
	for (uint32_t i = 0; i < old_size; i++)
		if (old[i].address)
			insert(o, &old[i]);
	free(old);
	return true;
}

int seep_order_open(struct seep_order *o)
{
	memset(o, 0, sizeof(*o));
	o->shards = calloc(SEEP_WIRE_SHARDS, sizeof(*o->shards));
	if (o->shards && resize(o, SLOTS_FIRST))
		return 0;
	seep_order_close(o);
	errno = ENOMEM;
	return -1;
}

void seep_order_close(struct seep_order *o)
{
	free(o->shards);
	free(o->slots);
	memset(o, 0, sizeof(*o));
}

static bool hold(struct seep_order *o, uint32_t shard, const struct seep_order_item *item, uint32_t now)
{
	uint32_t size = o->slots_mask + 1;

	/* Without memory it is processed at once, out of order: what may be wrong then is which of two blocks at one
	 * address a free ended. The same once nobody releases a crowded table. */
	if (o->used >= size / 2 && (size / 2 >= 2 * SEEP_ORDER_HELD_MAX || !resize(o, 2 * size))) {
		o->crowded = true;
		o->late++;
		return false;
	}
	insert(o, item);
	if (o->shards[shard].held++ == 0)
		o->shards[shard].stuck_since = now;
	if (o->shards[shard].held > SEEP_ORDER_SHARD_MAX || o->used > SEEP_ORDER_HELD_MAX)
		o->crowded = true;
	return true;
}

bool seep_order_take(struct seep_order *o, uint32_t shard, const struct seep_order_item *item, uint32_t now)
{
	if (item->f == o->shards[shard].next) {
		o->shards[shard].next++;
		return true;
	}
	if (item->f < o->shards[shard].next) {
		o->late++;
		return true;
	}
	return !hold(o, shard, item, now);
}

bool seep_order_next(struct seep_order *o, uint32_t shard, struct seep_order_item *item, uint32_t now)
{
	uint64_t f = o->shards[shard].next;

	if (!o->shards[shard].held)
		return false;
	for (uint32_t slot = home_of(o, shard, f); o->slots[slot].address; slot = (slot + 1) & o->slots_mask) {
		if (o->slots[slot].f != f || seep_wire_shard(o->slots[slot].address) != shard)
			continue;
		*item = o->slots[slot];
		erase(o, slot);
		o->shards[shard].next++;
		o->shards[shard].held--;
		o->shards[shard].stuck_since = now;
		return true;
	}
	return false;
}

static int by_shard_and_number(const void *left, const void *right)
{
	const struct seep_order_item *a = left, *b = right;
	uint32_t shard_a = seep_wire_shard(a->address), shard_b = seep_wire_shard(b->address);

	if (shard_a != shard_b)
		return shard_a < shard_b ? -1 : 1;
	return a->f < b->f ? -1 : a->f > b->f;
}

void seep_order_release(struct seep_order *o, uint32_t now, uint32_t patience,
	void (*process)(const struct seep_order_item *item, void *context), void *context)
{
	bool all = patience == 0 || o->used > SEEP_ORDER_HELD_MAX;
	uint32_t size = o->slots_mask + 1, count = 0;
	struct seep_order_item *released = o->slots;

	if (!o->used)
		return;
	/* The old array becomes the list: what is released gathers at its start, what stays goes into a new one. */
	o->slots = calloc(size, sizeof(*o->slots));
	if (!o->slots) {
		o->slots = released;
		return; /* later, perhaps; the table can't grow beyond its limit meanwhile */
	}
	o->used = 0;
	for (uint32_t i = 0; i < size; i++) {
		struct seep_order_item item = released[i];
		uint32_t shard;

		if (!item.address)
			continue;
		shard = seep_wire_shard(item.address);
		if (all || now - o->shards[shard].stuck_since >= patience ||
			o->shards[shard].held > SEEP_ORDER_SHARD_MAX) {
			released[count++] = item;
		} else {
			insert(o, &item);
		}
	}
	o->crowded = false;
	qsort(released, count, sizeof(*released), by_shard_and_number);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t shard = seep_wire_shard(released[i].address);

		if (released[i].f >= o->shards[shard].next) {
			o->holes += released[i].f - o->shards[shard].next;
			o->shards[shard].next = released[i].f + 1;
		}
		o->shards[shard].held--;
		process(&released[i], context);
	}
	free(released);
}

void seep_order_restore_shard(struct seep_order *o, uint32_t shard, const struct seep_order_shard *state)
{
	o->shards[shard].next = state->next;
	o->shards[shard].let_go = state->let_go;
	o->shards[shard].stuck_since = state->stuck_since;
}

bool seep_order_restore_item(struct seep_order *o, const struct seep_order_item *item)
{
	uint32_t shard = seep_wire_shard(item->address);

	return item->address && item->f < SEEP_ORDER_NUMBER_MAX && item->f > o->shards[shard].next &&
	       hold(o, shard, item, o->shards[shard].stuck_since);
}

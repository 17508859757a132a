/* SPDX-License-Identifier: Apache-2.0
 *
 * nurseries.c: blocks that were never sent. Called by finish.c when a process has ended, and by session.c when it has forked. One thread;
 * in the latter case the owners of the segments go on meanwhile.
 */
#include "nurseries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 8u /* a program that changes an entry all the time has it changed by itself, too */

static struct seep_event fields_read(struct seep_wire_young *shared, uint64_t address, uint32_t *tag)
{
	*tag = atomic_load_explicit(&shared->tag, memory_order_relaxed);
	return (struct seep_event){.address = address,
		.order = atomic_load_explicit(&shared->s, memory_order_relaxed),
		.bytes = atomic_load_explicit(&shared->bytes, memory_order_relaxed),
		.stack = atomic_load_explicit(&shared->stack, memory_order_relaxed),
		.birth = atomic_load_explicit(&shared->birth, memory_order_relaxed),
		.tag = (uint16_t)*tag,
		.kind = SEEP_EVENT_ALLOC};
}

static bool same(const struct seep_event *a, const struct seep_event *b)
{
	return a->order == b->order && a->bytes == b->bytes && a->stack == b->stack && a->birth == b->birth &&
	       a->tag == b->tag;
}

/* A consistent copy of an entry, or false: it is empty, is changing, or can't be true. The fields are read twice, because the block may
 * be freed meanwhile and another one come to the same address. */
static bool entry_read(struct seep_drain *d, struct seep_wire_young *shared, struct seep_event *event)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		uint64_t address = atomic_load_explicit(&shared->address, memory_order_acquire);
		uint32_t tag, tag_again;
		struct seep_event again;

		if (!address || address > SEEP_WIRE_ADDRESS_MASK)
			return false;
		*event = fields_read(shared, address, &tag);
		atomic_thread_fence(memory_order_acquire);
		again = fields_read(shared, address, &tag_again);
		atomic_thread_fence(memory_order_acquire);
		if (address != atomic_load_explicit(&shared->address, memory_order_relaxed))
			return false;
		if (same(event, &again))
			return event->order < SEEP_ORDER_NUMBER_MAX && tag <= UINT16_MAX &&
			       seep_drain_stack_exists(d, event->stack);
	}
	return false;
}

static bool reserve(struct seep_nurseries *copy)
{
	size_t size = copy->size ? 2 * copy->size : 4096;
	struct seep_nurseries_block *larger;

	if (copy->used < copy->size)
		return true;
	larger = reallocarray(copy->blocks, size, sizeof(*larger));
	if (!larger)
		return false;
	copy->blocks = larger;
	copy->size = size;
	return true;
}

int seep_nurseries_copy(struct seep_nurseries *copy, struct seep_drain *d)
{
	memset(copy, 0, sizeof(*copy));
	seep_drain_learn(d);
	for (uint32_t i = 0; i < d->segments_known; i++) {
		for (uint32_t j = 0; !d->segments[i].abandoned && j < SEEP_WIRE_NURSERY; j++) {
			struct seep_nurseries_block block = {.segment = i};

			if (!entry_read(d, &d->region->segments[i].nursery[j], &block.event))
				continue;
			if (!reserve(copy)) {
				seep_nurseries_close(copy);
				errno = ENOMEM;
				return -1;
			}
			copy->blocks[copy->used++] = block;
		}
	}
	return 0;
}

static bool sent_lately(const struct seep_drain_segment *segment, const struct seep_event *event)
{
	for (unsigned i = 0; i < SEEP_DRAIN_RECENT; i++)
		if (segment->recent[i].address == event->address && segment->recent[i].s == event->order)
			return true;
	return false;
}

void seep_nurseries_apply(const struct seep_nurseries *copy, struct seep_drain *d)
{
	for (size_t i = 0; i < copy->used; i++)
		if (!sent_lately(&d->segments[copy->blocks[i].segment], &copy->blocks[i].event))
			seep_books_apply_young(d->books, &copy->blocks[i].event);
}

void seep_nurseries_close(struct seep_nurseries *copy)
{
	free(copy->blocks);
	memset(copy, 0, sizeof(*copy));
}

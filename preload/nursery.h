/* SPDX-License-Identifier: Apache-2.0
 *
 * nursery.h: a thread's youngest blocks. Most blocks die here: they are then counted, and nothing is sent. All functions are
 * called by the owner, inside the recorder. Entries are written so that a process killed between any two stores leaves a
 * block at most twice (nursery and ring, which readers can tell) and never in pieces.
 */
#ifndef SEEP_PRELOAD_NURSERY_H
#define SEEP_PRELOAD_NURSERY_H

#include "ring.h"
#include "thread.h"

#include <stddef.h>

/* What the collector may read at the same time. */
#define SEEP_RELAXED(field) atomic_load_explicit(&(field), memory_order_relaxed)

static inline struct seep_wire_young *seep_nursery_place(struct seep_thread *thread, uintptr_t address)
{
	return &thread->segment->nursery[(address >> 4) * 0x9e3779b97f4a7c15u >> (64 - SEEP_WIRE_NURSERY_BITS)];
}

static inline bool seep_nursery_holds(const struct seep_wire_young *young, uintptr_t address)
{
	return atomic_load_explicit(&young->address, memory_order_relaxed) == address;
}

static inline void seep_nursery_clear(struct seep_wire_young *young)
{
	atomic_store_explicit(&young->address, 0, memory_order_release);
}

/* Hands the occupant to the collector. It stays in its place until the caller overwrites it. */
static inline void seep_nursery_send(struct seep_thread *thread, const struct seep_wire_young *young)
{
	seep_ring_push2(thread, SEEP_RECORD_ALLOC, SEEP_RELAXED(young->address), SEEP_RELAXED(young->s),
		SEEP_RELAXED(young->bytes) | (uint64_t)SEEP_RELAXED(young->tag) << SEEP_WIRE_SIZE_BITS,
		SEEP_RELAXED(young->stack) | (uint64_t)SEEP_RELAXED(young->birth) << 32);
}

static inline void seep_nursery_put(
	struct seep_thread *thread, uintptr_t address, uint64_t s, size_t bytes, uint32_t stack, uint32_t birth)
{
	struct seep_wire_young *young = seep_nursery_place(thread, address);

	if (!seep_nursery_holds(young, 0)) {
		seep_nursery_send(thread, young);
		seep_nursery_clear(young);
	}
	atomic_store_explicit(&young->s, s, memory_order_relaxed);
	atomic_store_explicit(&young->stack, stack, memory_order_relaxed);
	atomic_store_explicit(&young->birth, birth, memory_order_relaxed);
	atomic_store_explicit(&young->bytes, (uint32_t)bytes, memory_order_relaxed);
	atomic_store_explicit(&young->tag, thread->tag, memory_order_relaxed);
	atomic_store_explicit(&young->address, address, memory_order_release);
}

/* Sends what an entry of the fold table has counted and gives the entry to another stack. */
void seep_nursery_change_fold(struct seep_thread *thread, struct seep_wire_fold *fold, uint32_t stack, uint32_t tag);

/* Counts a block that was allocated and freed here. */
static inline void seep_nursery_fold(struct seep_thread *thread, uint32_t stack, uint32_t tag, uint32_t bytes)
{
	struct seep_wire_fold *fold = &thread->segment->folds[(stack ^ tag) % SEEP_WIRE_FOLDS];

	if (__builtin_expect(SEEP_RELAXED(fold->stack) != stack || SEEP_RELAXED(fold->tag) != tag, 0))
		seep_nursery_change_fold(thread, fold, stack, tag);
	atomic_store_explicit(
		&fold->bytes, atomic_load_explicit(&fold->bytes, memory_order_relaxed) + bytes, memory_order_relaxed);
	atomic_store_explicit(
		&fold->count, atomic_load_explicit(&fold->count, memory_order_relaxed) + 1, memory_order_relaxed);
}

#endif

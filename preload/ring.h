/* SPDX-License-Identifier: Apache-2.0
 *
 * ring.h: the producer's end of a thread's ring. Called by the thread that owns it, inside the recorder.
 */
#ifndef SEEP_PRELOAD_RING_H
#define SEEP_PRELOAD_RING_H

#include "thread.h"

/* Slow path of a push: wakes the collector, waits for room or, if the user wants that, drops. False: not to be written. */
bool seep_ring_room(struct seep_thread *thread, unsigned units);

static inline bool seep_ring_reserve(struct seep_thread *thread, unsigned units)
{
	return __builtin_expect(thread->head + units <= thread->limit, 1) || seep_ring_room(thread, units);
}

static inline void seep_ring_put(struct seep_thread *thread, unsigned unit, uint64_t a, uint64_t b)
{
	struct seep_wire_unit *place = &thread->segment->ring[(thread->head + unit) % SEEP_WIRE_RING_UNITS];

	place->a = a;
	place->b = b;
}

static inline void seep_ring_commit(struct seep_thread *thread, unsigned units)
{
	thread->head += units;
	atomic_store_explicit(&thread->segment->head, thread->head, memory_order_release);
}

static inline uint64_t seep_ring_word(enum seep_wire_kind kind, uint64_t low)
{
	return (uint64_t)kind << SEEP_WIRE_KIND_SHIFT | low;
}

static inline void seep_ring_push1(struct seep_thread *thread, enum seep_wire_kind kind, uint64_t low, uint64_t b)
{
	if (!seep_ring_reserve(thread, 1))
		return;
	seep_ring_put(thread, 0, seep_ring_word(kind, low), b);
	seep_ring_commit(thread, 1);
}

static inline void seep_ring_push2(
	struct seep_thread *thread, enum seep_wire_kind kind, uint64_t low, uint64_t b, uint64_t c, uint64_t d)
{
	if (!seep_ring_reserve(thread, 2))
		return;
	seep_ring_put(thread, 0, seep_ring_word(kind, low), b);
	seep_ring_put(thread, 1, c, d);
	seep_ring_commit(thread, 2);
}

/* A mark in the trace; the name is cut to SEEP_WIRE_MARK_BYTES. */
void seep_ring_push_mark(struct seep_thread *thread, const char *name);

#endif

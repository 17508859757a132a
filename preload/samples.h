/* SPDX-License-Identifier: Apache-2.0
 *
 * samples.h: which blocks to record when not all are (SAMPLING in wire.h), and which live blocks are such samples. Called
 * inside the recorder; the set is shared by all threads.
 */
#ifndef SEEP_PRELOAD_SAMPLES_H
#define SEEP_PRELOAD_SAMPLES_H

#include "thread.h"

#include <stddef.h>

#define SEEP_SAMPLES_FILTER_BITS 17

/* Slow path: does the block that used up the gap hold a point? Draws the next gap. */
bool seep_samples_draw(struct seep_thread *thread);

/* Is the next block, of so many bytes, a sample? */
static inline bool seep_samples_take(struct seep_thread *thread, size_t bytes)
{
	thread->sample_gap -= (int64_t)(bytes | !bytes);
	return __builtin_expect(thread->sample_gap <= 0, 0) && seep_samples_draw(thread);
}

/* False: the set is full or there is no memory; the block must not be recorded then. */
bool seep_samples_add(struct seep_process *process, uintptr_t address);

/* Slow path of seep_samples_remove. */
bool seep_samples_search(struct seep_process *process, uintptr_t address);

static inline uint32_t seep_samples_hash(uintptr_t address)
{
	return (uint32_t)((address >> 4) * 0x9e3779b97f4a7c15u >> 32);
}

/* Takes the address out of the set; false if it was not in it. */
static inline bool seep_samples_remove(struct seep_process *process, uintptr_t address)
{
	_Atomic uint8_t *count = &process->sample_filter[seep_samples_hash(address) >> (32 - SEEP_SAMPLES_FILTER_BITS)];

	return __builtin_expect(atomic_load_explicit(count, memory_order_relaxed), 0) &&
	       seep_samples_search(process, address);
}

#endif

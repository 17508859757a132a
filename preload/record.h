/* SPDX-License-Identifier: Apache-2.0
 *
 * record.h: what a hook does about a block, the hot path of seep. The order of the steps is that of wire.h:
 *
 *   allocation   real call; read the shard; remember the block
 *   free         take the block from the nursery (fold), or step the shard and send; real call
 *   realloc      as free; real call; as allocation. If the real call failed, as if nothing had been.
 */
#ifndef SEEP_PRELOAD_RECORD_H
#define SEEP_PRELOAD_RECORD_H

#include "nursery.h"
#include "samples.h"
#include "stacks.h"

/* What a realloc began, for its end. */
struct seep_renewal {
	struct seep_wire_young *young; /* the block was taken from here; NULL: f was taken instead */
	uint64_t f;
	bool unknown; /* the old block is no sample */
};

static inline _Atomic(uint64_t) *seep_record_shard(const struct seep_thread *thread, uintptr_t address)
{
	return &thread->shards[seep_wire_shard(address)];
}

static inline uint32_t seep_record_tick(const struct seep_thread *thread)
{
	return atomic_load_explicit(thread->tick, memory_order_relaxed);
}

static inline void seep_record_block(
	struct seep_thread *thread, uintptr_t address, size_t bytes, const struct seep_unwind_start *start)
{
	uint64_t s;
	uint32_t stack, birth;

	if (__builtin_expect(thread->sample_bytes, 0) &&
		(!seep_samples_take(thread, bytes) || !seep_samples_add(seep_process, address)))
		return;
	s = atomic_load_explicit(seep_record_shard(thread, address), memory_order_relaxed);
	stack = seep_stacks_capture(thread, start);
	birth = seep_record_tick(thread);
	if (bytes < SEEP_WIRE_NURSERY_BYTES && !thread->sample_bytes)
		seep_nursery_put(thread, address, s, bytes, stack, birth);
	else
		seep_ring_push2(thread, SEEP_RECORD_ALLOC, address, s,
			(bytes & SEEP_WIRE_SIZE_MASK) | (uint64_t)thread->tag << SEEP_WIRE_SIZE_BITS,
			stack | (uint64_t)birth << 32);
}

/* The young entry of a block that this very thread allocated, if it can fold: nobody has freed it elsewhere (its shard did not
 * move) and it is young enough. A block that can't fold is sent, and its entry cleared. */
static inline struct seep_wire_young *seep_record_young(struct seep_thread *thread, uintptr_t address)
{
	struct seep_wire_young *young = seep_nursery_place(thread, address);

	if (!seep_nursery_holds(young, address))
		return NULL;
	if (__builtin_expect(atomic_load_explicit(seep_record_shard(thread, address), memory_order_relaxed) ==
					     SEEP_RELAXED(young->s) &&
				     seep_record_tick(thread) - SEEP_RELAXED(young->birth) < SEEP_WIRE_FOLD_TICKS,
		    1))
		return young;
	seep_nursery_send(thread, young);
	seep_nursery_clear(young);
	return NULL;
}

static inline uint64_t seep_record_step(const struct seep_thread *thread, uintptr_t address)
{
	return atomic_fetch_add_explicit(seep_record_shard(thread, address), 1, memory_order_relaxed);
}

/* Before the real call. */
static inline void seep_record_free(struct seep_thread *thread, void *block)
{
	uintptr_t address = (uintptr_t)block;
	struct seep_wire_young *young;

	if (__builtin_expect(thread->sample_bytes, 0) && !seep_samples_remove(seep_process, address))
		return;
	young = seep_record_young(thread, address);
	if (young) {
		seep_nursery_clear(young);
		seep_nursery_fold(
			thread, SEEP_RELAXED(young->stack), SEEP_RELAXED(young->tag), SEEP_RELAXED(young->bytes));
	} else {
		seep_ring_push1(thread, SEEP_RECORD_FREE, address, seep_record_step(thread, address));
	}
}

/* Before the real realloc of a block. */
static inline void seep_record_renew(struct seep_thread *thread, struct seep_renewal *renewal, void *block)
{
	renewal->unknown = thread->sample_bytes && !seep_samples_remove(seep_process, (uintptr_t)block);
	if (renewal->unknown)
		return;
	renewal->young = seep_record_young(thread, (uintptr_t)block);
	if (renewal->young)
		seep_nursery_clear(renewal->young);
	else
		renewal->f = seep_record_step(thread, (uintptr_t)block);
}

/* After it: `freed` if the old block is gone. */
static inline void seep_record_renewed(
	struct seep_thread *thread, const struct seep_renewal *renewal, void *block, bool freed)
{
	struct seep_wire_young *young;

	if (renewal->unknown)
		return;
	if (thread->sample_bytes && !freed)
		seep_samples_add(seep_process, (uintptr_t)block);
	young = renewal->young;
	if (!young)
		seep_ring_push1(thread, freed ? SEEP_RECORD_FREE : SEEP_RECORD_HOLE, (uintptr_t)block, renewal->f);
	else if (freed)
		seep_nursery_fold(
			thread, SEEP_RELAXED(young->stack), SEEP_RELAXED(young->tag), SEEP_RELAXED(young->bytes));
	else
		atomic_store_explicit(&young->address, (uintptr_t)block, memory_order_release);
}

#endif

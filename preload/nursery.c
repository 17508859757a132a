/* SPDX-License-Identifier: Apache-2.0
 *
 * nursery.c: the rare part of nursery.h.
 */
#include "nursery.h"

void seep_nursery_change_fold(struct seep_thread *thread, struct seep_wire_fold *fold, uint32_t stack, uint32_t tag)
{
	uint32_t version = atomic_load_explicit(&fold->version, memory_order_relaxed);
	uint64_t count = atomic_load_explicit(&fold->count, memory_order_relaxed);

	if (count)
		seep_ring_push2(thread, SEEP_RECORD_FOLDS, (uint64_t)(fold - thread->segment->folds) << 32 | version,
			count, atomic_load_explicit(&fold->bytes, memory_order_relaxed),
			atomic_load_explicit(&fold->stack, memory_order_relaxed) | (uint64_t)SEEP_RELAXED(fold->tag)
											   << 32);
	atomic_store_explicit(&fold->version, version + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&fold->count, 0, memory_order_relaxed);
	atomic_store_explicit(&fold->bytes, 0, memory_order_relaxed);
	atomic_store_explicit(&fold->stack, stack, memory_order_relaxed);
	atomic_store_explicit(&fold->tag, tag, memory_order_relaxed);
	atomic_store_explicit(&fold->version, version + 2, memory_order_release);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * samples.c: see samples.h. The set of live samples is small (live bytes / sample_bytes) and asked about at every free. A filter of
 * counters answers nearly all of these with one load; what it lets through is looked up in an exact table under the process's lock.
 */
#include "samples.h"

#include "kernel.h"

#define FIRST_ENTRIES 4096u
#define ENTRIES_MAX (16u * 1024 * 1024)
#define FILTER_STUCK 255u

/* Open addressing, linear; at most half full. An entry is an address, 0 is free, REMOVED was one. */
struct seep_samples_set {
	uint32_t mask;
	uint32_t used; /* removed ones included */
	uintptr_t addresses[];
};

#define REMOVED 1u

/* ln(x) for 0 < x <= 1: the exponent, and 2 artanh((m - 1) / (m + 1)) of the mantissa m in [1, 2); error below 1e-7. */
static double logarithm(double x)
{
	union {
		double number;
		uint64_t bits;
	} parts = {x};
	int exponent = (int)(parts.bits >> 52) - 1023;
	double y, square;

	parts.bits = (parts.bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
	y = (parts.number - 1) / (parts.number + 1);
	square = y * y;
	return exponent * 0.69314718055994531 +
	       2 * y *
		       (1 + square * (1. / 3 +
					     square * (1. / 5 + square * (1. / 7 + square * (1. / 9 + square / 11)))));
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014) */
static uint64_t random_number(struct seep_thread *thread)
{
	uint64_t z = thread->sample_random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int64_t gap(struct seep_thread *thread)
{
	double uniform = ((double)(random_number(thread) >> 11) + 1) * 0x1p-53; /* (0, 1] */

	/* A point lies at a real number; the byte that holds it is the next whole one. */
	return (int64_t)(-logarithm(uniform) * (double)thread->sample_bytes) + 1;
}

bool seep_samples_draw(struct seep_thread *thread)
{
	bool first = !thread->sample_random;

	if (first) {
		struct seep_process *process = seep_process;
		int64_t used = -thread->sample_gap;

		thread->sample_random = atomic_load(&process->region)->sample_seed +
					((uint64_t)(thread->segment - process->segments) + 1) * 0xd1342543de82ef95u;
		thread->sample_gap = gap(thread) - used;
		if (thread->sample_gap > 0)
			return false;
	}
	thread->sample_gap = gap(thread);
	return true;
}

static void insert(struct seep_samples_set *set, uintptr_t address)
{
	uint32_t i = seep_samples_hash(address);

	while (set->addresses[i & set->mask])
		i++;
	set->addresses[i & set->mask] = address;
	set->used++;
}

/* Room for one more; under the lock, which all users of the set hold. */
static struct seep_samples_set *grow(struct seep_process *process)
{
	struct seep_samples_set *old = process->samples;
	struct seep_samples_set *set;
	uint32_t live = 0;
	uint32_t entries = FIRST_ENTRIES;

	if (old && old->used < (old->mask + 1) / 2)
		return old;
	for (uint32_t i = 0; old && i <= old->mask; i++)
		live += old->addresses[i] > REMOVED;
	while (entries < live * 4)
		entries *= 2;
	if (entries > ENTRIES_MAX)
		return NULL;
	set = seep_kernel_memory(sizeof *set + (size_t)entries * sizeof set->addresses[0], SEEP_WIPED_ALL);
	if (!set)
		return NULL;
	set->mask = entries - 1;
	for (uint32_t i = 0; old && i <= old->mask; i++)
		if (old->addresses[i] > REMOVED)
			insert(set, old->addresses[i]);
	if (old)
		seep_kernel(munmap, old, sizeof *old + ((size_t)old->mask + 1) * sizeof old->addresses[0]);
	process->samples = set;
	return set;
}

/* Counters that reached their end stay there: they then only let more through to the table. */
static void filter_step(struct seep_process *process, uintptr_t address, int step)
{
	_Atomic uint8_t *count = &process->sample_filter[seep_samples_hash(address) >> (32 - SEEP_SAMPLES_FILTER_BITS)];
	uint8_t now = atomic_load_explicit(count, memory_order_relaxed);

	if (now != FILTER_STUCK)
		atomic_store_explicit(count, (uint8_t)(now + step), memory_order_relaxed);
}

bool seep_samples_add(struct seep_process *process, uintptr_t address)
{
	struct seep_samples_set *set;

	seep_process_lock(process);
	set = grow(process);
	if (set) {
		insert(set, address);
		filter_step(process, address, 1);
	}
	seep_process_unlock(process);
	return set;
}

bool seep_samples_search(struct seep_process *process, uintptr_t address)
{
	struct seep_samples_set *set;
	bool found = false;

	seep_process_lock(process);
	set = process->samples;
	for (uint32_t i = seep_samples_hash(address); set && set->addresses[i & set->mask]; i++) {
		if (set->addresses[i & set->mask] != address)
			continue;
		set->addresses[i & set->mask] = REMOVED;
		filter_step(process, address, -1);
		found = true;
		break;
	}
	seep_process_unlock(process);
	return found;
}

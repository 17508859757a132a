/* SPDX-License-Identifier: Apache-2.0
 *
 * shim.c: the side of the program: see wire.c and shim.h.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../preload/kernel.c"
#include "../../preload/nursery.c"
#include "../../preload/record.h"
#include "../../preload/ring.c"
#include "shim.h"

#define KEPT 512u /* blocks that a thread holds at most */
#define SHELF 256u /* blocks that any thread may free */

/* ---- What the recorder needs of the rest of the shim ---- */

__thread struct seep_guard seep_guard;
struct seep_process *seep_process;
static struct seep_process process;
static __thread uint32_t stack_next;

uint32_t seep_stacks_capture(struct seep_thread *thread, const struct seep_unwind_start *start)
{
	(void)thread;
	(void)start;
	return stack_next;
}

static void unexpected(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

bool seep_samples_draw(struct seep_thread *thread)
{
	(void)thread;
	unexpected("sampled");
	return false;
}

bool seep_samples_add(struct seep_process *of, uintptr_t address)
{
	(void)of;
	(void)address;
	return true;
}

bool seep_samples_search(struct seep_process *of, uintptr_t address)
{
	(void)of;
	(void)address;
	return false;
}

void seep_thread_detach(void)
{
	unexpected("detached");
}

void seep_process_stop(void)
{
	unexpected("stopped");
}

bool seep_process_collector_died(const struct seep_process *of)
{
	(void)of;
	return false;
}

/* ---- The program ---- */

struct block {
	void *address;
	size_t bytes;
};

static struct worker {
	pthread_t thread;
	struct seep_thread *seep;
	uint64_t random;
	struct block kept[KEPT];
	unsigned used;
	struct shim_sums sums;
} workers[SHIM_THREADS];

static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static struct block shelf[SHELF];
static unsigned shelf_used;
static unsigned long operations;

static uint32_t pick(struct worker *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((w->random >> 32) * below >> 32);
}

static struct block allocate(struct worker *w)
{
	struct block block = {NULL, 1 + pick(w, pick(w, 8) ? 900 : 3000)};

	block.address = malloc(block.bytes);
	if (!block.address)
		unexpected("out of memory");
	stack_next = 1 + pick(w, 1 + pick(w, SHIM_STACKS));
	seep_record_block(w->seep, (uintptr_t)block.address, block.bytes, NULL);
	w->sums.allocations++;
	w->sums.allocated_bytes += block.bytes;
	return block;
}

static void release(struct worker *w, struct block block)
{
	seep_record_free(w->seep, block.address);
	free(block.address);
	w->sums.frees++;
	w->sums.freed_bytes += block.bytes;
}

static void grow(struct worker *w, struct block *block)
{
	struct seep_renewal renewal = {0};
	void *moved;

	w->sums.frees++;
	w->sums.freed_bytes += block->bytes;
	block->bytes = 1 + pick(w, 2000);
	seep_record_renew(w->seep, &renewal, block->address);
	moved = realloc(block->address, block->bytes);
	if (!moved)
		unexpected("out of memory");
	seep_record_renewed(w->seep, &renewal, block->address, true);
	block->address = moved;
	stack_next = 1 + pick(w, SHIM_STACKS);
	seep_record_block(w->seep, (uintptr_t)moved, block->bytes, NULL);
	w->sums.allocations++;
	w->sums.allocated_bytes += block->bytes;
}

/* Puts a block on the shelf, or takes one; what does not fit is freed. */
static void pass_on(struct worker *w)
{
	struct block block = {NULL, 0};

	pthread_mutex_lock(&shelf_lock);
	if (w->used && shelf_used < SHELF && pick(w, 2))
		shelf[shelf_used++] = w->kept[--w->used];
	else if (shelf_used)
		block = shelf[--shelf_used];
	pthread_mutex_unlock(&shelf_lock);
	if (block.address)
		release(w, block);
}

static void *work(void *argument)
{
	struct worker *w = argument;

	for (unsigned long i = 0; i < operations; i++) {
		uint32_t choice = pick(w, 16);

		if (choice < 2)
			pass_on(w);
		else if (choice < 4 && w->used)
			grow(w, &w->kept[pick(w, w->used)]);
		else if (choice < 9 && w->used < KEPT)
			w->kept[w->used++] = allocate(w);
		else if (w->used > 0) {
			unsigned which = pick(w, w->used);

			release(w, w->kept[which]);
			w->kept[which] = w->kept[--w->used];
		}
		if (i % 10000 == 0)
			seep_ring_push_mark(w->seep, "so far");
	}
	return NULL;
}

void shim_run(
	struct seep_wire_region *region, struct seep_wire_segment *segments, unsigned long count, struct shim_sums *sum)
{
	operations = count;
	seep_process = &process;
	atomic_store(&process.region, region);
	process.shards = (void *)((char *)region + region->shards_offset);
	for (unsigned i = 0; i < SHIM_THREADS; i++) {
		struct seep_thread *thread = seep_kernel_memory(sizeof(*thread), 0);

		if (!thread)
			unexpected("out of memory");
		thread->segment = &segments[i];
		thread->shards = process.shards;
		thread->tick = &region->tick;
		atomic_store(&thread->segment->owner, i + 1);
		workers[i] = (struct worker){.seep = thread, .random = i + 1};
	}
	for (unsigned i = 0; i < SHIM_THREADS; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	for (unsigned i = 0; i < SHIM_THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		sum->allocations += workers[i].sums.allocations;
		sum->allocated_bytes += workers[i].sums.allocated_bytes;
		sum->frees += workers[i].sums.frees;
		sum->freed_bytes += workers[i].sums.freed_bytes;
	}
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * work_churn.c: a server's threads. Each has a pool of 4096 blocks and replaces one picked at random; of those that
 * leave, some percent are handed to the next thread, which gives them back. Hand-over goes 32 blocks at a time, so
 * that its lock is not what is measured.
 *   work_churn [BLOCKS [THREADS [PERCENT]]]
 * BLOCKS is the number of all threads together.
 */
#include "work.h"

#include <pthread.h>

enum { POOL = 4096, BATCH = 32, THREADS_MAX = 64 };

struct batch {
	void *blocks[BATCH];
	unsigned count;
};

struct worker {
	pthread_t thread;
	_Alignas(64) pthread_mutex_t lock;
	struct batch inbox; /* under the lock */
	_Alignas(64) struct worker *next;
	uint64_t blocks;
	uint64_t random;
	unsigned percent, core;
	struct batch outbox;
	void *pool[POOL];
};

static FRAME void *make(uint64_t random)
{
	size_t size = work_size(random);

	return memset(work_check(malloc(size)), (int)size, size);
}

static FRAME void free_batch(struct batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++)
		free(batch->blocks[i]);
	batch->count = 0;
}

/* The inbox holds one batch. If the neighbour has not emptied it yet, this thread gives that batch back itself:
 * foreign blocks too, just of itself or of who was here before. */
static FRAME void hand_over(struct worker *worker)
{
	struct batch unread;

	pthread_mutex_lock(&worker->next->lock);
	unread = worker->next->inbox;
	worker->next->inbox = worker->outbox;
	pthread_mutex_unlock(&worker->next->lock);
	worker->outbox.count = 0;
	free_batch(&unread);
}

static FRAME void take_over(struct worker *worker)
{
	struct batch received;

	pthread_mutex_lock(&worker->lock);
	received = worker->inbox;
	worker->inbox.count = 0;
	pthread_mutex_unlock(&worker->lock);
	free_batch(&received);
}

static FRAME void leave(struct worker *worker, void *block, uint64_t random)
{
	if (!block || random % 100 >= worker->percent || worker->next == worker) {
		free(block);
		return;
	}
	worker->outbox.blocks[worker->outbox.count++] = block;
	if (worker->outbox.count == BATCH) {
		hand_over(worker);
		take_over(worker);
	}
}

static FRAME void serve(struct worker *worker)
{
	uint64_t random = work_random(&worker->random);
	void **slot = &worker->pool[random >> 52];

	leave(worker, *slot, random & 0xffff);
	*slot = make(random >> 16);
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	work_pin(worker->core);
	for (uint64_t i = 0; i < worker->blocks; i++)
		serve(worker);
	for (int i = 0; i < POOL; i++)
		free(worker->pool[i]);
	free_batch(&worker->outbox);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	uint64_t blocks = work_argument(argc, argv, 1, 1000000);
	uint64_t threads = work_argument(argc, argv, 2, 2);
	uint64_t percent = work_argument(argc, argv, 3, 5);

	if (!threads || threads > THREADS_MAX)
		return 2;
	for (uint64_t i = 0; i < threads; i++) {
		struct worker *worker = &workers[i];

		*worker = (struct worker){.next = &workers[(i + 1) % threads],
			.blocks = blocks / threads,
			.random = 0x5ee9 + i,
			.percent = (unsigned)percent,
			.core = (unsigned)i};
		pthread_mutex_init(&worker->lock, NULL);
	}
	for (uint64_t i = 0; i < threads; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			return 1;
	for (uint64_t i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	for (uint64_t i = 0; i < threads; i++)
		free_batch(&workers[i].inbox);
	work_print("allocations", blocks / threads * threads);
	return 0;
}

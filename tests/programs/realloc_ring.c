/* SPDX-License-Identifier: Apache-2.0
 *
 * Three threads in a ring, each of which enlarges or shrinks the block that its neighbour hands on: a block is
 * freed and born again by another thread at each step, often at the same address. Every thousandth is forgotten
 * instead.
 *
 * truth: 27 blocks, 18600 bytes at renew@block < thread@renew
 * truth: anything at main@create
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THREADS 3

static void *_Atomic boxes[THREADS];

static void *renew(void *block, int round)
{
	return realloc(block, round % 2 ? 40 : 1500); /* block */
}

static void *thread(void *argument)
{
	int self = (int)(long)argument;
	void *block = NULL;

	for (int round = 1; round <= 10000; round++) {
		block = renew(round % 1001 == 1 ? NULL : block, round); /* renew */
		while (atomic_load(&boxes[(self + 1) % THREADS]))
			sched_yield();
		atomic_store(&boxes[(self + 1) % THREADS], block);
		while (!(block = atomic_exchange(&boxes[self], NULL)))
			sched_yield();
	}
	free(realloc(block, 5000));
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, thread, (void *)i); /* create */
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

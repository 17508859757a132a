/* SPDX-License-Identifier: Apache-2.0
 *
 * Four threads in a ring: each frees the block that its neighbour allocated and at once allocates one of the same
 * size for the next, so that the same few addresses live 20000 times in every thread. Each thread forgets every
 * thousandth block. If anybody matched frees to blocks by the order in which he hears of them, the numbers would
 * be others.
 *
 * truth: 80 blocks of 24 at pass@block < thread@pass
 * truth: anything at main@create
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THREADS 4

static void *_Atomic boxes[THREADS];

static void pass(int next)
{
	void *block = malloc(24); /* block */

	while (atomic_load(&boxes[next]))
		sched_yield();
	atomic_store(&boxes[next], block);
}

static void *thread(void *argument)
{
	int self = (int)(long)argument;
	void *block;

	for (int round = 0; round < 20000; round++) {
		pass((self + 1) % THREADS); /* pass */
		while (!(block = atomic_exchange(&boxes[self], NULL)))
			sched_yield();
		if (round % 1000)
			free(block);
	}
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

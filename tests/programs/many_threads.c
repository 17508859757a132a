/* SPDX-License-Identifier: Apache-2.0
 *
 * 64 threads that all live at the same time; each forgets one block of a hundred.
 *
 * truth: 64 blocks of 100 at thread@forgotten
 * truth: anything at main@create
 */
#include <pthread.h>
#include <stdlib.h>

#define THREADS 64

static pthread_barrier_t all_here;

static void *thread(void *argument)
{
	pthread_barrier_wait(&all_here);
	for (int i = 1; i < 100; i++)
		free(malloc(i));
	malloc(100); /* forgotten */
	pthread_barrier_wait(&all_here);
	return argument;
}

int main(void)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&all_here, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, thread, NULL); /* create */
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * 300 threads, one after the other and at times detached: each frees what the one before it left and forgets one
 * block. Only the last one's legacy remains.
 *
 * truth: 300 blocks of 72 at thread@forgotten
 * truth: 1 block of 2000 at thread@legacy
 * truth: 1 block of 20 at thread@small_legacy
 * truth: anything at main@create
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static void *legacy, *small_legacy;
static sem_t done;

static void *thread(void *argument)
{
	free(legacy);
	free(small_legacy);
	malloc(72); /* forgotten */
	legacy = malloc(2000); /* legacy */
	small_legacy = malloc(20); /* small_legacy */
	sem_post(&done);
	return argument;
}

int main(void)
{
	sem_init(&done, 0, 0);
	for (int i = 0; i < 300; i++) {
		pthread_t other;

		pthread_create(&other, NULL, thread, NULL); /* create */
		sem_wait(&done);
		if (i % 3)
			pthread_join(other, NULL);
		else
			pthread_detach(other);
	}
	return 0;
}

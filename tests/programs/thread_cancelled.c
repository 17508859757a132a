/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that are cancelled while they allocate and free: the clean-up gives one block back, another is lost.
 *
 * truth: 20 blocks of 333 at thread@lost
 * truth: anything at main@create
 * truth: anything at main@cancel
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static sem_t ready;

static void *thread(void *argument)
{
	void *block = malloc(444);

	malloc(333); /* lost */
	pthread_cleanup_push(free, block);
	sem_post(&ready);
	for (;;) {
		free(malloc(55));
		free(malloc(5555));
		pthread_testcancel();
	}
	pthread_cleanup_pop(1);
	return argument;
}

int main(void)
{
	sem_init(&ready, 0, 0);
	for (int i = 0; i < 20; i++) {
		pthread_t other;

		pthread_create(&other, NULL, thread, NULL); /* create */
		sem_wait(&ready);
		pthread_cancel(other); /* cancel */
		pthread_join(other, NULL);
	}
	return 0;
}

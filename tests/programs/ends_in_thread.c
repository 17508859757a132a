/* SPDX-License-Identifier: Apache-2.0
 *
 * The main thread is gone, three others wait for ever, and the last one ends the process.
 *
 * truth: ends exit 5
 * truth: 1 block of 61 at main@before
 * truth: 3 blocks of 62 at thread@waiting
 * truth: 1 block of 63 at last@last
 * truth: anything at main@create
 * truth: anything at main@gone
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t all_here;

static void *thread(void *argument)
{
	malloc(62); /* waiting */
	pthread_barrier_wait(&all_here);
	pause();
	return argument;
}

static void *last(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	pthread_barrier_wait(&all_here);
	malloc(63); /* last */
	exit(5);
}

int main(void)
{
	static pthread_t self;
	pthread_t other;

	self = pthread_self();
	malloc(61); /* before */
	pthread_barrier_init(&all_here, NULL, 4);
	for (int i = 0; i < 3; i++)
		pthread_create(&other, NULL, thread, NULL); /* create */
	pthread_create(&other, NULL, last, &self); /* create */
	pthread_exit(NULL); /* gone */
}

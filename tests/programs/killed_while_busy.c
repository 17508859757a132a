/* SPDX-License-Identifier: Apache-2.0
 *
 * Is killed while three threads allocate and free as fast as they can. What was forgotten before is all there.
 *
 * truth: ends signal 9
 * truth: 30 blocks of 57 at thread@forgotten
 * truth: anything at thread@busy
 * truth: anything at main@create
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t all_here;

static void *thread(void *argument)
{
	for (int i = 0; i < 10; i++)
		malloc(57); /* forgotten */
	pthread_barrier_wait(&all_here);
	for (size_t i = 0;; i++)
		free(malloc(i % 2000)); /* busy */
	return argument;
}

int main(void)
{
	pthread_t other;

	pthread_barrier_init(&all_here, NULL, 4);
	for (int i = 0; i < 3; i++)
		pthread_create(&other, NULL, thread, NULL); /* create */
	pthread_barrier_wait(&all_here);
	usleep(20000);
	kill(getpid(), SIGKILL);
	pause();
}

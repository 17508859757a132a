/* SPDX-License-Identifier: Apache-2.0
 *
 * Forks while three other threads allocate, free and hand blocks on: in the child only the forking thread lives on.
 *
 * truth: 30 blocks of 77 at thread@forgotten
 * truth: anything at main@create
 * truth: process child (10 times)
 * truth: ends exit 9
 * truth: 5 blocks of 55 at main@child
 * truth: total 105 blocks, 5775 bytes
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *_Atomic box;
static atomic_int stop;

static void *thread(void *argument)
{
	for (int i = 0; i < 10; i++)
		malloc(77); /* forgotten */
	while (!stop) {
		free(malloc(3000));
		free(atomic_exchange(&box, malloc(30)));
	}
	return argument;
}

int main(void)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, thread, NULL); /* create */
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int j = 0; j < 100; j++)
				free(malloc(55));
			for (int j = 0; j < 5; j++)
				malloc(55); /* child */
			_exit(9);
		}
		waitpid(pid, NULL, 0);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	free(box);
	return 0;
}

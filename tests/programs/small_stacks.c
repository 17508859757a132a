/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads with the smallest stack that there is, which allocate, free, and fork.
 *
 * truth: 6 blocks of 41 at thread@forgotten
 * truth: anything at main@create
 * truth: process child (6 times)
 * truth: ends exit 3
 * truth: 1 block of 42 at thread@child
 */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *argument)
{
	pid_t pid;

	for (int i = 0; i < 20000; i++)
		free(malloc(i % 3000));
	malloc(41); /* forgotten */
	pid = fork();
	if (pid == 0) {
		malloc(42); /* child */
		_exit(3);
	}
	waitpid(pid, NULL, 0);
	return argument;
}

int main(void)
{
	pthread_attr_t attributes;
	pthread_t other;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
	for (int i = 0; i < 6; i++) {
		pthread_create(&other, &attributes, thread, NULL); /* create */
		pthread_join(other, NULL);
	}
	return 0;
}

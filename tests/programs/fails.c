/* SPDX-License-Identifier: Apache-2.0
 *
 * What is traced while the recorder's own calls fail (tests/t/injected.sh): a thread that fills rings, a child, and blocks that stay.
 *
 * truth: ends exit 3
 * truth: 37 blocks of 1200 at main@kept
 * truth: anything at main@create
 * truth: process child
 * truth: ends exit 5
 * truth: 3 blocks of 1300 at main@child
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *argument)
{
	void *blocks[64] = {NULL};

	for (int i = 0; i < 20000; i++) {
		free(blocks[i % 64]);
		blocks[i % 64] = malloc(1024 + i % 100);
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
	return argument;
}

int main(void)
{
	pthread_t other;
	int status = 0;

	for (int i = 0; i < 37; i++)
		malloc(1200); /* kept */
	pthread_create(&other, NULL, thread, NULL); /* create */
	pthread_join(other, NULL);
	if (fork() == 0) {
		for (int i = 0; i < 3; i++)
			malloc(1300); /* child */
		_exit(5);
	}
	wait(&status);
	dprintf(1, "the child ended with %d\n", WEXITSTATUS(status));
	return 3;
}

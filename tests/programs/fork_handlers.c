/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates in the handlers that run around a fork: before it, in the child after it, and then in the parent.
 *
 * truth: 1 block of 10 at prepare@before
 * truth: 1 block of 20 at parent@parent
 * truth: total 3 blocks, 1030 bytes
 * truth: process child
 * truth: 1 block of 30 at child@child
 * truth: inherited 2 blocks, 1010 bytes, 1 freed
 * truth: total 1 block, 30 bytes
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *block;
static int ends[2];

static void prepare(void)
{
	malloc(10); /* before */
	block = malloc(1000);
}

static void parent(void)
{
	char byte;

	if (read(ends[0], &byte, 1) == 1)
		malloc(20); /* parent */
	free(block);
}

static void child(void)
{
	free(block);
	malloc(30); /* child */
	if (write(ends[1], "", 1) != 1)
		_exit(1);
}

int main(void)
{
	if (pipe(ends) || pthread_atfork(prepare, parent, child))
		return 1;
	if (fork())
		wait(NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 *
 * waits [fork|threads|busy]: keeps 37 blocks of 1200 bytes, says "ready" and waits to be killed. Before that, it
 *   fork     forks a child, which frees 10 of them, keeps 50 of 300 bytes and says "ready" as well
 *   threads  sets a mark, and has eight threads keep 25 blocks of 700 bytes each and free 1000 each of another thread
 *   busy     says so first, and goes on allocating and freeing until a line comes on its input: then it exits with 3
 * For tests/t/durable.sh, which kills its collector.
 */
#include <pthread.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seep/seep.h>

#define THREADS 8
#define PASSED 1000

static void *volatile sink;
static void *handed[THREADS][PASSED];

static void *keep(size_t bytes)
{
	return sink = malloc(bytes);
}

static void ready_and_wait(void)
{
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		_exit(1);
	for (;;)
		pause();
}

static void *thread_run(void *number)
{
	int self = (int)(long)number;

	for (int i = 0; i < 25; i++)
		keep(700);
	for (int i = 0; i < PASSED; i++)
		free(handed[(self + 1) % THREADS][i]);
	return NULL;
}

static void threads_run(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < PASSED; j++)
			handed[i][j] = malloc(2000);
	seep_mark("handed out");
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, thread_run, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void busy(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		_exit(1);
	while (poll(&input, 1, 0) == 0)
		for (int i = 0; i < 10000; i++) {
			sink = malloc(3000);
			free(sink);
		}
	exit(3);
}

int main(int argc, char **argv)
{
	void *blocks[37];
	const char *mode = argc > 1 ? argv[1] : "";

	for (int i = 0; i < 37; i++)
		blocks[i] = keep(1200);
	if (strcmp(mode, "threads") == 0)
		threads_run();
	if (strcmp(mode, "busy") == 0)
		busy();
	if (strcmp(mode, "fork") == 0 && fork() == 0) {
		for (int i = 0; i < 10; i++)
			free(blocks[i]);
		for (int i = 0; i < 50; i++)
			keep(300);
	}
	ready_and_wait();
}

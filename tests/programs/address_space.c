/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits its own address space in mid-run, twice, and has as much of it to use as without tracing; so has a child.
 *
 * truth: 10 blocks of 39 at main@before
 * truth: 10 blocks of 40 at thread@thread
 * truth: 10 blocks of 41 at main@after
 * truth: anything at main@create
 * truth: process child
 * truth: ends exit 12
 * truth: 10 blocks of 42 at main@child
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static void *thread(void *argument)
{
	for (int i = 0; i < 10; i++)
		malloc(40); /* thread */
	return argument;
}

/* The limit, and half of it to be had. */
static void limit(size_t bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};
	void *half;

	if (setrlimit(RLIMIT_AS, &limit) < 0)
		perror("setrlimit");
	half = mmap(NULL, bytes / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (half == MAP_FAILED)
		perror("half of the limit");
	else
		munmap(half, bytes / 2);
}

int main(void)
{
	pthread_t other;

	for (int i = 0; i < 10; i++)
		malloc(39); /* before */
	limit(2048 * MIB);
	pthread_create(&other, NULL, thread, NULL); /* create */
	pthread_join(other, NULL);
	limit(512 * MIB);
	for (int i = 0; i < 10; i++)
		malloc(41); /* after */
	if (fork() == 0) {
		for (int i = 0; i < 10; i++)
			malloc(42); /* child */
		for (int i = 0; i < 100000; i++)
			free(malloc(i));
		_exit(12);
	}
	wait(NULL);
	return 0;
}

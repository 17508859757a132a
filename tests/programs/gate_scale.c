/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 *
 * ITERATIONS [leaky|full|random] [THREADS]: 10,000 blocks are allocated once, by one function, and kept, as a cache does; an operation allocates and
 * frees. leaky: one in 50 operations forgets a block of 33 bytes. full: a cache of 150 entries fills with the iterations. The order in which
 * threads do operations is left to chance.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE 10000
#define ENTRIES 150

static void *cache[CACHE], *entries[ENTRIES];
static atomic_int next;
static int iterations;
static const char *kind = "";

static void fill_cache(void)
{
	for (int i = 0; i < CACHE; i++)
		cache[i] = malloc((size_t)(16 + i % 100)); /* once */
}

static void operation(int number)
{
	void *block = malloc(100);

	if (!strcmp(kind, "leaky") && number % 50 == 49)
		malloc(33); /* leak */
	if (!strcmp(kind, "full") && !entries[number % ENTRIES])
		entries[number % ENTRIES] = malloc(64); /* entry */
	if (number % 7 == 0)
		sched_yield();
	free(block);
}

static void *work(void *argument)
{
	for (int number; (number = next++) < iterations;)
		operation(number);
	return argument;
}

int main(int argc, char **argv)
{
	int threads = argc > 3 ? atoi(argv[3]) : 1;
	pthread_t workers[8];

	iterations = argc > 1 ? atoi(argv[1]) : 100;
	kind = argc > 2 ? argv[2] : "";
	fill_cache();
	for (int i = 0; i < threads; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(workers[i], NULL);
	return 0;
}

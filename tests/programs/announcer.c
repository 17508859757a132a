/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 *
 * announcer THREADS: allocates, reallocates and frees until it is killed, and tells each of these on descriptor 3 once it
 * has returned. tests/witness.pl reads that and does the killing. Blocks are passed from thread to thread.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the witness reads. Less than PIPE_BUF: each message arrives whole. */
struct message {
	uint32_t freed; /* the site, numbered from 1, or 0 for none */
	uint32_t taken;
};

/* A block begins with the number of its site. The sites stand on both sides of what the nursery takes, and of mmap. */
struct block {
	uint32_t site;
};

static void *take_1_16(void)
{
	return malloc(16);
}
static void *take_2_200(void)
{
	return calloc(2, 100);
}
static void *take_3_1023(void)
{
	return malloc(1023);
}
static void *take_4_1024(void)
{
	return malloc(1024);
}
static void *take_5_1025(void)
{
	return malloc(1025);
}
static void *take_6_5000(void)
{
	return memalign(64, 5000);
}
static void *take_7_200000(void)
{
	return malloc(200000);
}
static void *grow_8_40(void *block)
{
	return realloc(block, 40);
}
static void *grow_9_3000(void *block)
{
	return realloc(block, 3000);
}

static void *(*const take[])(void) = {
	take_1_16, take_2_200, take_3_1023, take_4_1024, take_5_1025, take_6_5000, take_7_200000};

static struct block *_Atomic slots[500];

static void tell(uint32_t freed, uint32_t taken)
{
	struct message message = {freed, taken};

	if (write(3, &message, sizeof message) != sizeof message)
		_exit(1);
}

static struct block *renew(struct block *block, uint32_t site)
{
	uint32_t old = block->site;

	block = site == 8 ? grow_8_40(block) : grow_9_3000(block);
	block->site = site;
	tell(old, site);
	return block;
}

/* Not announced: there is never more than one of them for each thread, as it is with all that the witness can't know. */
static void churn(unsigned *seed)
{
	for (int i = rand_r(seed) % 40; i > 0; i--)
		free(malloc((size_t)rand_r(seed) % 2000));
}

static void *work(void *number)
{
	unsigned seed = (unsigned)getpid() + (unsigned)(uintptr_t)number;

	for (;;) {
		uint32_t chosen = (uint32_t)rand_r(&seed) % 7;
		struct block *block = take[chosen]();

		block->site = chosen + 1;
		tell(0, block->site);
		if (rand_r(&seed) % 3 == 0)
			block = renew(block, 8 + (uint32_t)rand_r(&seed) % 2);
		churn(&seed);
		if (rand_r(&seed) % 8 == 0)
			continue; /* forgotten */
		block = atomic_exchange(&slots[(size_t)rand_r(&seed) % 500], block);
		if (block) {
			uint32_t site = block->site;

			free(block);
			tell(site, 0);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t other;

	if (threads < 1)
		return 77; /* nothing to be judged by itself */
	tell(0, (uint32_t)getpid()); /* whom to kill */
	for (int i = 1; i < threads; i++)
		pthread_create(&other, NULL, work, (void *)(uintptr_t)i);
	work(NULL);
}

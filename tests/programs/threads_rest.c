/* SPDX-License-Identifier: Apache-2.0
 *
 * threads_rest THREADS [SECONDS [WAIT]]: threads that all live at the same time allocate and free until each of them has used whatever a
 * recorder keeps for a thread, then rest. Prints the resident memory in KiB that is the process's own, the CPU time in ms
 * of the whole process while it rested, and how many threads there were. With WAIT it says its number and begins when it gets a line.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BLOCKS = 6000, DEPTH = 12 };

static pthread_barrier_t all_here;

static long cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Private and shared memory, without the pages of files. */
static long resident_kib(void)
{
	char line[256];
	long sum = 0, value;
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "RssAnon: %ld", &value) == 1 || sscanf(line, "RssShmem: %ld", &value) == 1)
			sum += value;
	if (file)
		fclose(file);
	return sum;
}

/* Many different stacks, as deep as servers have them. */
__attribute__((noinline)) static void *allocate(unsigned path, int depth)
{
	void *block;

	if (depth == 0)
		return malloc(16 + path % 200);
	block = path >> depth & 1 ? allocate(path, depth - 1) : allocate(path, depth - 1);
	__asm__ volatile("" : : "r"(block));
	return block;
}

static void *thread(void *argument)
{
	void **blocks = calloc(BLOCKS, sizeof *blocks);

	for (unsigned i = 0; i < 3 * BLOCKS; i++) {
		unsigned place = i * 7 % BLOCKS; /* always of one size, so that the allocator takes no more than once */

		free(blocks[place]);
		blocks[place] = allocate(place % 500, DEPTH);
	}
	pthread_barrier_wait(&all_here);
	pthread_barrier_wait(&all_here);
	for (unsigned i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	free(blocks);
	return argument;
}

int main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
	unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	pthread_t *all = calloc(threads, sizeof *all);
	pthread_attr_t small;
	long before;

	if (argc > 3) {
		printf("%d\n", (int)getpid());
		fflush(stdout);
		getchar();
	}
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 * 1024);
	pthread_barrier_init(&all_here, NULL, threads + 1);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&all[i], &small, thread, NULL) != 0)
			return 2;
	pthread_barrier_wait(&all_here);
	before = cpu_ms();
	sleep(seconds);
	printf("%ld %ld %u\n", resident_kib(), cpu_ms() - before, threads);
	fflush(stdout);
	pthread_barrier_wait(&all_here);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	return 0;
}

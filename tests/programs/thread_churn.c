/* SPDX-License-Identifier: Apache-2.0
 *
 * A hundred thousand threads, four at a time, each of which allocates, frees, and forgets one block in a thousand. Memory is as flat
 * as without tracing: what the first thousand take serves all that follow.
 *
 * truth: 100 blocks of 88 at thread@forgotten
 * truth: anything at main@create
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *thread(void *argument)
{
	for (int i = 0; i < 20; i++)
		free(malloc(100 + i));
	if ((size_t)argument % 1000 == 0)
		malloc(88); /* forgotten */
	return NULL;
}

static long resident_kib(void)
{
	long total, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file && fscanf(file, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(void)
{
	pthread_t others[4];
	long before = 0, after;

	for (size_t i = 0; i < 100000; i += 4) {
		for (size_t k = 0; k < 4; k++)
			pthread_create(&others[k], NULL, thread, (void *)(i + k)); /* create */
		for (size_t k = 0; k < 4; k++)
			pthread_join(others[k], NULL);
		if (i == 1000)
			before = resident_kib();
	}
	after = resident_kib();
	if (after - before > 1024)
		printf("%ld KiB after a thousand threads, %ld after all\n", before, after);
	return 0;
}

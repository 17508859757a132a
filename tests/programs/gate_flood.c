/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 *
 * Far more events than the collector takes in the same time, since eight threads make them and one takes them: with SEEP_ON_FULL=drop
 * some of them are dropped.
 */
#include <pthread.h>
#include <stdlib.h>

#define THREADS 8

static void *flood(void *unused)
{
	for (int i = 0; i < 300000; i++)
		free(malloc(2000));
	return unused;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, flood, NULL) != 0)
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What one thread allocates another frees, small and large, in both directions; seven of each are forgotten.
 *
 * truth: 7 blocks of 24 at fill@small < main@fill
 * truth: 7 blocks of 2048 at fill@large < main@fill
 * truth: 7 blocks of 24 at fill@small < thread@fill_too
 * truth: 7 blocks of 2048 at fill@large < thread@fill_too
 * truth: anything at main@create
 */
#include <pthread.h>
#include <stdlib.h>

static void *small[2][1000], *large[2][1000];

static void fill(int side)
{
	for (int i = 0; i < 1000; i++) {
		small[side][i] = malloc(24); /* small */
		large[side][i] = malloc(2048); /* large */
	}
}

static void empty(int side)
{
	for (int i = 7; i < 1000; i++) {
		free(small[side][i]);
		free(large[side][i]);
	}
}

static void *thread(void *argument)
{
	empty(0);
	fill(1); /* fill_too */
	return argument;
}

int main(void)
{
	pthread_t other;

	fill(0); /* fill */
	pthread_create(&other, NULL, thread, NULL); /* create */
	pthread_join(other, NULL);
	empty(1);
	return 0;
}

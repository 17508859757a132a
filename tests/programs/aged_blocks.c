/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks that are a while old when they are freed, renewed or forgotten, by the thread that made them and by
 * another one.
 *
 * truth: 100 blocks of 50 at main@small
 * truth: 100 blocks of 5000 at main@large
 * truth: 100 blocks of 60 at main@renewed
 * truth: anything at main@create
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *small[400], *large[400];

static void *thread(void *argument)
{
	for (int i = 200; i < 300; i++) {
		free(small[i]);
		free(large[i]);
	}
	return argument;
}

int main(void)
{
	pthread_t other;

	for (int i = 0; i < 400; i++) {
		small[i] = malloc(50); /* small */
		large[i] = malloc(5000); /* large */
	}
	usleep(1300000);
	pthread_create(&other, NULL, thread, NULL); /* create */
	for (int i = 0; i < 100; i++) {
		free(small[i]);
		free(large[i]);
		small[100 + i] = realloc(small[100 + i], 60); /* renewed */
		free(large[100 + i]);
	}
	pthread_join(other, NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks that a thread's end gives back: the destructors of its keys run late, one frees, one frees and forgets
 * another.
 *
 * truth: 10 blocks of 60 at replace@forgotten
 * truth: anything at main@create
 */
#include <pthread.h>
#include <stdlib.h>

static pthread_key_t freed, replaced;

static void replace(void *block)
{
	free(block);
	malloc(60); /* forgotten */
}

static void *thread(void *argument)
{
	pthread_setspecific(freed, malloc(3000));
	pthread_setspecific(replaced, malloc(30));
	return argument;
}

int main(void)
{
	pthread_key_create(&freed, free);
	pthread_key_create(&replaced, replace);
	for (int i = 0; i < 10; i++) {
		pthread_t other;

		pthread_create(&other, NULL, thread, NULL); /* create */
		pthread_join(other, NULL);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_key_t key;
static __thread char local[4000];

static void *work(void *argument)
{
	pthread_setspecific(key, &key);
	local[0] = 'h';
	printf("%cello\n", local[0]);
	return argument;
}

static void nothing(void)
{
}

int main(int argc, char **argv)
{
	pthread_t threads[8];

	(void)argv;
	pthread_key_create(&key, NULL);
	for (int i = 0; i < 40; i++) {
		pthread_key_create(&key, NULL);
		pthread_setspecific(key, &key);
		atexit(nothing);
		pthread_atfork(nothing, nothing, nothing);
	}
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	if (argc > 1)
		malloc(1); /* leak */
	return 0;
}

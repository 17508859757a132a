/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads whose stacks the program allocated itself; a later thread gets the stack of an earlier one.
 *
 * truth: 8 blocks of 90 at deeper@forgotten < thread@deeper
 * truth: 1 block of 262144 at main@stack
 * truth: anything at main@create
 */
#include <pthread.h>
#include <stdlib.h>

static void deeper(void)
{
	malloc(90); /* forgotten */
}

static void *thread(void *argument)
{
	deeper(); /* deeper */
	return argument;
}

int main(void)
{
	void *stack = aligned_alloc(4096, 262144); /* stack */
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, 262144);
	for (int i = 0; i < 8; i++) {
		pthread_t other;

		pthread_create(&other, &attributes, thread, NULL); /* create */
		pthread_join(other, NULL);
	}
	return 0;
}

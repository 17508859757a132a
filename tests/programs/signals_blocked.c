/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks every signal there is before its first thread, and never lets one through.
 *
 * truth: 300 blocks of 77 at work@kept
 * truth: anything at main@create
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static void *work(void *argument)
{
	for (int i = 0; i < 300000; i++)
		free(malloc(i % 5000));
	for (int i = 0; i < 100; i++)
		malloc(77); /* kept */
	return argument;
}

int main(void)
{
	pthread_t others[2];
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&others[i], NULL, work, NULL); /* create */
	work(NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(others[i], NULL);
	return 0;
}

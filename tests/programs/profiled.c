/* SPDX-License-Identifier: Apache-2.0
 *
 * A profiler: SIGPROF at 1 kHz of processor time, in whichever thread it meets; its handler walks the stack as profilers do. Three
 * threads allocate all the while.
 *
 * truth: 300 blocks of 58 at work@kept
 * truth: anything at main@create
 * truth: anything at main@first
 */
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

static volatile sig_atomic_t samples;

static void sample(int number)
{
	void *frames[32];

	(void)number;
	samples += backtrace(frames, 32) > 0;
}

static void *work(void *argument)
{
	void *blocks[50] = {NULL};

	for (int i = 0; i < 400000; i++) {
		free(blocks[i % 50]);
		blocks[i % 50] = malloc(i % 3000);
	}
	for (int i = 0; i < 50; i++)
		free(blocks[i]);
	for (int i = 0; i < 100; i++)
		malloc(58); /* kept */
	return argument;
}

int main(void)
{
	const struct itimerval often = {{0, 1000}, {0, 1000}};
	struct sigaction action = {.sa_handler = sample, .sa_flags = SA_RESTART};
	pthread_t others[2];
	void *frame;

	backtrace(&frame, 1); /* first */
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&others[i], NULL, work, NULL); /* create */
	work(NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(others[i], NULL);
	return samples < 10;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A handler that allocates. It may: the program blocks the signal whenever it allocates itself.
 *
 * truth: 100 blocks of 15 at handle@handler < spin
 * truth: 1 block of 16 at spin@between < main@main < _start
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

static volatile sig_atomic_t signals;

static void handle(int number)
{
	(void)number;
	if (signals++ < 100)
		malloc(15); /* handler */
	free(malloc(1500));
}

static void spin(sigset_t *alarm)
{
	for (volatile int i = 0; signals < 100; i++)
		;
	sigprocmask(SIG_BLOCK, alarm, NULL);
	for (int i = 0; i < 1000; i++)
		free(malloc(i));
	malloc(16); /* between */
}

int main(void)
{
	struct itimerval often = {{0, 1000}, {0, 1000}};
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	signal(SIGALRM, handle);
	setitimer(ITIMER_REAL, &often, NULL);
	spin(&alarm); /* main */
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A timer interrupts malloc and free thousands of times a second; the handler itself allocates nothing.
 *
 * truth: 400 blocks of 65 at main@forgotten
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

int main(void)
{
	struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};

	signal(SIGALRM, count);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 400000 || signals < 100; i++) {
		void *large = malloc(1200);

		free(malloc(i % 900));
		free(large);
		if (i < 400000 && i % 1000 == 0)
			malloc(65); /* forgotten */
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return 0;
}

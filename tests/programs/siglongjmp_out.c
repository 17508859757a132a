/* SPDX-License-Identifier: Apache-2.0
 *
 * A timer's handler jumps out of what it interrupts, a thousand times, which is mostly a hook; the next hook is called from the
 * very same frame. Forgets three blocks of 77 bytes before and after. Needs an allocator that can be left at any point:
 * siglongjmp_out.so.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#define JUMPS 1000

static sigjmp_buf back;
static volatile sig_atomic_t jumps;

static void jump(int number)
{
	(void)number;
	jumps++;
	siglongjmp(back, 1);
}

static void work(void)
{
	struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};

	for (volatile int i = 0; i < 3; i++)
		malloc(77); /* before */
	if (sigsetjmp(back, 1) == 0) {
		signal(SIGALRM, jump);
		setitimer(ITIMER_REAL, &often, NULL);
	}
	while (jumps < JUMPS)
		free(malloc(1100));
	signal(SIGALRM, SIG_IGN);
	setitimer(ITIMER_REAL, &never, NULL);
	for (volatile int i = 0; i < 3; i++)
		malloc(77); /* after */
}

int main(void)
{
	work();
	return jumps != JUMPS;
}

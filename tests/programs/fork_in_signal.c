/* SPDX-License-Identifier: Apache-2.0
 *
 * A timer's handler forks, mostly in the middle of malloc or free. Every other child ends within the handler; the others return
 * from it into what was interrupted, as their parent does, and go on for a while. What was interrupted may count as theirs.
 *
 * truth: 1 block of 66 at main@forgotten
 * truth: process child (30 times)
 * truth: ends exit 9
 * truth: 5 blocks of 55 at child@forgotten_there
 * truth: anything at busy@interrupted
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 60

static volatile sig_atomic_t forks, sevens, nines;
static volatile sig_atomic_t is_child;

static void fork_here(int number)
{
	int status;
	pid_t pid;

	(void)number;
	if (is_child || forks == FORKS)
		return;
	pid = fork();
	is_child = pid == 0;
	if (is_child && forks % 2)
		_exit(7);
	if (is_child)
		return;
	waitpid(pid, &status, 0);
	sevens += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	nines += WIFEXITED(status) && WEXITSTATUS(status) == 9;
	forks++;
}

static void child(void)
{
	for (int i = 0; i < 5; i++)
		malloc(55); /* forgotten_there */
	_exit(9);
}

/* The stacks change, so that much of the time is spent in recording them. */
static void busy(int depth)
{
	void *block = malloc((size_t)(depth * 37 % 3000)); /* interrupted */

	if (is_child)
		child();
	if (depth % 8)
		busy(depth - 1);
	free(block);
	if (is_child)
		child();
}

int main(void)
{
	struct itimerval often = {{0, 1000}, {0, 1000}};

	malloc(66); /* forgotten */
	signal(SIGALRM, fork_here);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; forks < FORKS; i++)
		busy(i % 1000);
	return sevens != FORKS / 2 || nines != FORKS / 2;
}

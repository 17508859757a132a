/* SPDX-License-Identifier: Apache-2.0
 *
 * A child that is process 1 of a pid namespace, and a child of that one; processes and threads have small numbers there. Only where the
 * system lets the program make one.
 *
 * truth: 1 block of 24 at main@outside
 * truth: process first
 * truth: ends exit 11
 * truth: 3 blocks of 25 at thread@inside
 * truth: anything at inside@create
 * truth: process second
 * truth: ends exit 22
 * truth: 3 blocks of 25 at thread@inside
 * truth: anything at inside@create
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *argument)
{
	for (int i = 0; i < 3; i++)
		malloc(25); /* inside */
	return argument;
}

static void inside(void)
{
	pthread_t other;

	pthread_create(&other, NULL, thread, NULL); /* create */
	pthread_join(other, NULL);
}

int main(void)
{
	if (unshare(CLONE_NEWPID) < 0)
		return 77;
	malloc(24); /* outside */
	if (fork() == 0) {
		inside();
		if (fork() == 0) {
			inside();
			_exit(getpid() > 1 ? 22 : 0);
		}
		wait(NULL);
		_exit(getpid() == 1 ? 11 : 0);
	}
	wait(NULL);
	return 0;
}

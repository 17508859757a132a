/* SPDX-License-Identifier: Apache-2.0
 *
 * Parent and child each forget blocks of their own, before and after the fork; the child's trace names the child's
 * only.
 *
 * truth: 3 blocks of 100 at main@before
 * truth: 4 blocks of 300 at main@parent
 * truth: total 8 blocks, 1556 bytes
 * truth: process child
 * truth: ends exit 7
 * truth: 2 blocks of 200 at child@child < main@call < _start
 * truth: total 3 blocks, 456 bytes
 * truth: inherited 3 blocks, 300 bytes
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(void)
{
	for (int i = 0; i < 2; i++)
		malloc(200); /* child */
}

int main(void)
{
	for (int i = 0; i < 3; i++)
		malloc(100); /* before */
	pid_t pid = fork();

	free(malloc(56));
	if (pid == 0) {
		child(); /* call */
		exit(7);
	}
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 4; i++)
		malloc(300); /* parent */
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Processes made by the bare system calls, past the C library: none of its fork handlers runs.
 *
 * truth: 1 block of 35 at main@parent
 * truth: process child (3 times)
 * truth: ends exit 6
 * truth: 3 blocks of 36 at child@child
 * truth: inherited 1 block, 35 bytes
 */
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(void)
{
	for (int i = 0; i < 3; i++)
		malloc(36); /* child */
	for (int i = 0; i < 10000; i++)
		free(malloc(i));
	_exit(6);
}

int main(void)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};

	malloc(35); /* parent */
	for (int i = 0; i < 2; i++)
		if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
			child();
	if (syscall(SYS_clone3, &arguments, sizeof(arguments)) == 0)
		child();
	while (wait(NULL) > 0)
		;
	return 0;
}

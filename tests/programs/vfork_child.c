/* SPDX-License-Identifier: Apache-2.0
 *
 * A child of vfork lives in its parent's memory: what it allocates before it ends is the parent's, and no other
 * process is traced.
 *
 * truth: 6 blocks of 81 at main@child
 * truth: 6 blocks of 82 at main@parent
 * truth: total 18 blocks, 6978 bytes
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	for (int i = 0; i < 6; i++) {
		void *volatile block = malloc(1000);

		pid_t pid = vfork();

		if (pid == 0) {
			free(block);
			malloc(81); /* child */
			_exit(0);
		}
		malloc(82); /* parent */
		waitpid(pid, NULL, 0);
	}
	return 0;
}

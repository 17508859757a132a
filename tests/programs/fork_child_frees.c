/* SPDX-License-Identifier: Apache-2.0
 *
 * The child frees and enlarges blocks that it inherited, young and old, small and large. None of these frees is
 * unknown, and to the parent nothing of it happened.
 *
 * truth: 20 blocks of 32 at main@small
 * truth: 20 blocks of 4000 at main@large
 * truth: total 40 blocks, 80640 bytes
 * truth: process child
 * truth: ends exit 8
 * truth: 1 block of 64 at main@renewed
 * truth: inherited 40 blocks, 80640 bytes, 30 freed
 * truth: total 1 block, 64 bytes
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	void *small[20], *large[20];
	pid_t pid;

	for (int i = 0; i < 20; i++) {
		small[i] = malloc(32); /* small */
		large[i] = malloc(4000); /* large */
	}
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 15; i++) {
			free(large[i]);
			if (i)
				free(small[i]);
		}
		small[0] = realloc(small[0], 64); /* renewed */
		_exit(8);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

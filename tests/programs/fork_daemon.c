/* SPDX-License-Identifier: Apache-2.0
 *
 * Becomes a daemon as servers do: forks twice, leaves its session, closes every descriptor, forgets its
 * environment. The grandchild is traced as the others are, and the program waits for it on a pipe.
 *
 * truth: 1 block of 10 at main@first
 * truth: process middle
 * truth: ends exit 2
 * truth: 1 block of 20 at main@middle
 * truth: inherited 1 block, 10 bytes
 * truth: process daemon
 * truth: ends exit 3
 * truth: 1 block of 30 at main@daemon
 * truth: inherited 2 blocks, 30 bytes
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int ends[2];
	char byte;

	malloc(10); /* first */
	if (pipe(ends))
		return 1;
	if (fork() == 0) {
		malloc(20); /* middle */
		setsid();
		if (fork())
			_exit(2);
		for (int fd = 0; fd < 64; fd++)
			if (fd != ends[1])
				close(fd);
		clearenv();
		malloc(30); /* daemon */
		_exit(3);
	}
	close(ends[1]);
	wait(NULL);
	return read(ends[0], &byte, 1) != 0;
}

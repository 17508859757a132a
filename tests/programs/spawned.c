/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts itself again with posix_spawn, three times.
 *
 * truth: 1 block of 33 at main@parent
 * truth: process child (3 times)
 * truth: ends exit 4
 * truth: 1 block of 44 at main@child
 * truth: total 1 block, 44 bytes
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *arguments[] = {argv[0], "child", NULL};

	if (argc > 1) {
		malloc(44); /* child */
		return 4;
	}
	malloc(33); /* parent */
	for (int i = 0; i < 3; i++)
		if (posix_spawn(NULL, "/proc/self/exe", NULL, NULL, arguments, environ))
			return 1;
	while (wait(NULL) > 0)
		;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that leaks descriptors, too: it has as many as it may have, and forks; the child executes itself with one left, which the loader
 * needs. Nobody's descriptors change.
 *
 * truth: 3 blocks of 27 at main@before
 * truth: 30 blocks of 28 at main@after
 * truth: process child
 * truth: ends exec
 * truth: 4 blocks of 29 at child@child
 * truth: inherited 33 blocks, 921 bytes
 * truth: process executed
 * truth: 5 blocks of 30 at main@executed
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 40

static void count(const char *who)
{
	int open = 0;

	for (int fd = 0; fd < LIMIT; fd++)
		open += dup2(fd, fd) == fd;
	dprintf(1, "%s: %d\n", who, open);
}

static void child(char *self)
{
	for (int i = 0; i < 4; i++)
		malloc(29); /* child */
	count("child");
	close(LIMIT - 1);
	execl("/proc/self/exe", self, "again", NULL);
}

int main(int argc, char **argv)
{
	struct rlimit limit = {LIMIT, LIMIT};

	if (argc > 1) {
		for (int i = 0; i < 5; i++)
			malloc(30); /* executed */
		count("executed");
		return 0;
	}
	for (int i = 0; i < 3; i++)
		malloc(27); /* before */
	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(0) >= 0)
		;
	for (int i = 0; i < 30; i++)
		malloc(28); /* after */
	count("parent");
	if (fork() == 0)
		child(argv[0]);
	wait(NULL);
	count("parent");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A child goes on for a while after its parent has ended, and allocates only then.
 *
 * truth: process parent
 * truth: ends exit 4
 * truth: 1 block of 61 at parent@parent
 * truth: process child
 * truth: ends exit 5
 * truth: 1 block of 62 at parent@child
 * truth: inherited 1 block, 61 bytes
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void parent(void)
{
	pid_t self = getpid();

	malloc(61); /* parent */
	if (fork() > 0)
		_exit(4);
	while (getppid() == self)
		usleep(1000);
	usleep(500000);
	malloc(62); /* child */
	_exit(5);
}

int main(void)
{
	int ends[2];
	char byte;

	if (pipe(ends) < 0)
		return 1;
	if (fork() == 0)
		parent();
	close(ends[1]);
	return read(ends[0], &byte, 1) != 0 || wait(NULL) < 0;
}

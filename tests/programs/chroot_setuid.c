/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that gives up its rights after its start, as nginx does: chroot into an empty folder, other group, other user, and
 * then forks workers. Only root can.
 *
 * truth: 1 block of 81 at main@before
 * truth: 20 blocks of 82 at main@after
 * truth: process worker (2 times)
 * truth: ends exit 8
 * truth: 5 blocks of 83 at worker@worker
 * truth: inherited 21 blocks, 1721 bytes
 */
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void worker(void)
{
	for (int i = 0; i < 5; i++)
		malloc(83); /* worker */
	_exit(8);
}

int main(void)
{
	char folder[] = "/tmp/empty.XXXXXX";
	int above = open("/tmp", O_PATH | O_CLOEXEC);

	if (geteuid() != 0)
		return 77;
	malloc(81); /* before */
	if (!mkdtemp(folder) || chroot(folder) < 0 || chdir("/") < 0 ||
		unlinkat(above, strrchr(folder, '/') + 1, AT_REMOVEDIR) < 0 || close(above) < 0 ||
		setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		return 1;
	for (int i = 0; i < 20; i++)
		malloc(82); /* after */
	for (int i = 0; i < 2; i++)
		if (fork() == 0)
			worker();
	while (wait(NULL) > 0)
		;
	return 0;
}

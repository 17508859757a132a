/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts itself again by vfork and exec; parent and child have a trace each.
 *
 * truth: 2 blocks of 70 at main@parent
 * truth: total 2 blocks, 140 bytes
 * truth: process child
 * truth: ends exit 6
 * truth: 3 blocks of 80 at main@child
 * truth: total 3 blocks, 240 bytes
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1) {
		for (int i = 0; i < 3; i++)
			malloc(80); /* child */
		return 6;
	}
	malloc(70); /* parent */
	if (vfork() == 0) {
		execl("/proc/self/exe", argv[0], "child", NULL);
		_exit(127);
	}
	wait(NULL);
	malloc(70); /* parent */
	return 0;
}

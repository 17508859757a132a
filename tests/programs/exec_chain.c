/* SPDX-License-Identifier: Apache-2.0
 *
 * Replaces itself by itself, twice, at once. Same process, three programs, three traces; an exec that fails changes nothing.
 *
 * truth: ends exec
 * truth: 2 blocks of 1 at main@block
 * truth: process second
 * truth: ends exec
 * truth: 2 blocks of 2 at main@block
 * truth: process third
 * truth: ends exit 0
 * truth: 2 blocks of 3 at main@block
 * truth: 1 block of 9 at main@last
 */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	malloc(argc); /* block */
	execl("/nowhere/at/all", "nothing", NULL);
	malloc(argc); /* block */
	if (argc == 1)
		execl("/proc/self/exe", argv[0], "again", NULL);
	if (argc == 2)
		execl("/proc/self/exe", argv[0], "again", "and again", NULL);
	malloc(9); /* last */
	return 0;
}

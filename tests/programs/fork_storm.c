/* SPDX-License-Identifier: Apache-2.0
 *
 * Twenty children at once, each of which forks two more before it waits for any: sixty processes that all start within some
 * milliseconds. Each child frees a block of its parent's and forgets one of its own.
 *
 * truth: 20 blocks of 51 at main@kept
 * truth: process child (20 times)
 * truth: ends exit 1
 * truth: 1 block of 71 at child@mine
 * truth: inherited 20 blocks, 1020 bytes, 1 freed
 * truth: process grandchild (40 times)
 * truth: ends exit 2
 * truth: 1 block of 91 at child@grandchild
 * truth: inherited 20 blocks, 1040 bytes
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 20

static void *kept[CHILDREN];

static void child(int number)
{
	free(kept[number]);
	malloc(71); /* mine */
	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			malloc(91); /* grandchild */
			_exit(2);
		}
	while (wait(NULL) > 0)
		;
	_exit(1);
}

int main(void)
{
	for (int i = 0; i < CHILDREN; i++)
		kept[i] = malloc(51); /* kept */
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0)
			child(i);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * 4096 different stacks, more than a thread counts short-lived blocks for at once. Each of them comes by three
 * times and forgets the last of its blocks.
 *
 * truth: 4096 blocks of 16 at leaf@leaf
 * truth: total 36864 blocks, 589824 bytes
 */
#include <stdlib.h>

static void leaf(int keep)
{
	free(malloc(16));
	free(malloc(16));
	if (keep)
		malloc(16); /* leaf */
	else
		free(malloc(16));
}

static void branch(unsigned path, int depth, int keep)
{
	if (depth == 0)
		leaf(keep);
	else if (path & 1)
		branch(path >> 1, depth - 1, keep);
	else
		branch(path >> 1, depth - 1, keep);
}

int main(void)
{
	for (int round = 0; round < 3; round++)
		for (unsigned path = 0; path < 4096; path++)
			branch(path, 12, round == 2);
	return 0;
}

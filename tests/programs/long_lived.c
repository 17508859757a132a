/* SPDX-License-Identifier: Apache-2.0
 *
 * 100000 blocks that live together, given back in the order of their birth, but for every ten thousandth; twice.
 *
 * truth: 20 blocks of 40 at fill@block < main@fill
 * truth: total 200000 blocks, 8000000 bytes
 */
#include <stdlib.h>

static void *blocks[100000];

static void fill(void)
{
	for (int i = 0; i < 100000; i++)
		blocks[i] = malloc(40); /* block */
}

int main(void)
{
	for (int twice = 0; twice < 2; twice++) {
		fill(); /* fill */
		for (int i = 0; i < 100000; i++)
			if (i % 10000)
				free(blocks[i]);
	}
	return 0;
}

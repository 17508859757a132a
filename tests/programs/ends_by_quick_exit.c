/* SPDX-License-Identifier: Apache-2.0
 *
 * Ends by quick_exit, whose handler frees twenty blocks.
 *
 * truth: ends exit 5
 * truth: 30 blocks of 64 at main@small
 * truth: total 50 blocks, 3200 bytes
 */
#include <stdlib.h>

static void *blocks[50];

static void give_back(void)
{
	for (int i = 0; i < 20; i++)
		free(blocks[i]);
}

int main(void)
{
	at_quick_exit(give_back);
	for (int i = 0; i < 50; i++)
		blocks[i] = malloc(64); /* small */
	quick_exit(5);
}

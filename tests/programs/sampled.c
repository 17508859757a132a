/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps many small blocks and some large ones, and frees others. tests/sampling.sh lets seep estimate these figures.
 *
 * truth: 20000 blocks of 48 at small@small < main@calls_small
 * truth: 200 blocks of 20000 at large@large < main@calls_large
 * truth: total 25200 blocks, 6460000 bytes
 */
#include <stdlib.h>

static void *kept[20200];

static void small(int i)
{
	kept[i] = malloc(48); /* small */
}

static void large(int i)
{
	kept[i] = malloc(20000); /* large */
}

static void churn(void)
{
	free(malloc(300));
}

int main(void)
{
	for (int i = 0; i < 20000; i++) {
		small(i); /* calls_small */
		if (i % 4 == 0)
			churn();
		if (i % 100 == 0)
			large(20000 + i / 100); /* calls_large */
	}
	return 0;
}

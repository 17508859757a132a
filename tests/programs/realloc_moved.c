/* SPDX-License-Identifier: Apache-2.0
 *
 * Grows blocks that can not stay where they are, because something lies behind them. The old place is given back.
 *
 * truth: 20 blocks of 6000 at grow@small
 * truth: 1 block of 40000000 at main@huge
 * truth: total 62 blocks, 40325000 bytes
 */
#include <stdlib.h>

static int grow(void)
{
	char *first = malloc(100);
	char *behind = malloc(100);
	char *moved = realloc(first, 6000); /* small */
	int stayed = moved == first;

	free(behind);
	return stayed;
}

int main(void)
{
	void *huge = malloc(201000);
	int stayed = 0;

	for (int i = 0; i < 20; i++)
		stayed += grow();
	huge = realloc(huge, 40000000); /* huge */
	return stayed + !huge;
}

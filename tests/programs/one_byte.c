/* SPDX-License-Identifier: Apache-2.0
 *
 * Many tiny blocks that live together, more than a nursery holds; every second one is given back, in another order.
 *
 * truth: 10000 blocks of 1 at main@tiny
 * truth: total 20000 blocks, 20000 bytes
 */
#include <stdlib.h>

static void *tiny[20000];

int main(void)
{
	for (int i = 0; i < 20000; i++)
		tiny[i] = malloc(1); /* tiny */
	for (int i = 0; i < 20000; i += 2)
		free(tiny[19998 - i]);
	return 0;
}

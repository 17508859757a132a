/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaks 37 blocks of 1200 bytes in keep(), at the line marked "leak", and frees 63 others of 80 bytes.
 *
 * truth: 37 blocks of 1200 at keep@leak < main@keep < _start
 * truth: total 100 blocks, 49440 bytes
 */
#include <stdlib.h>

static void *kept[37];

static void keep(int i)
{
	kept[i] = malloc(1200); /* leak */
}

int main(void)
{
	for (int i = 0; i < 100; i++) {
		if (i < 37)
			keep(i); /* keep */
		else
			free(malloc(80));
	}
	for (int i = 0; i < 37; i++)
		kept[i] = NULL;
	return 0;
}

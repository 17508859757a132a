/* SPDX-License-Identifier: Apache-2.0
 *
 * A million blocks that die at once, and one in a hundred thousand that does not.
 *
 * truth: 10 blocks of 48 at main@forgotten
 * truth: total 1000010 blocks, 32000464 bytes
 */
#include <stdlib.h>

int main(void)
{
	for (int i = 0; i < 1000000; i++) {
		free(malloc(16 + i % 33));
		if (i % 100000 == 0)
			malloc(48); /* forgotten */
	}
	return 0;
}

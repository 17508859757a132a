/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks around the size from which they are sent at once; of each size ten are allocated and seven given back,
 * early or late.
 *
 * truth: 15 blocks, 15360 bytes at main@block
 * truth: total 50 blocks, 51200 bytes
 */
#include <stdlib.h>

int main(void)
{
	for (int bytes = 1022; bytes <= 1026; bytes++) {
		void *late[10];

		for (int i = 0; i < 10; i++) {
			late[i] = malloc(bytes); /* block */
			if (i < 4)
				free(late[i]);
		}
		for (int i = 4; i < 7; i++)
			free(late[i]);
	}
	return 0;
}

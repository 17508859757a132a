/* SPDX-License-Identifier: Apache-2.0
 * flags: -Wno-unused-result
 *
 * Blocks of no bytes are blocks, and free(NULL) is nothing.
 *
 * truth: 5 blocks of 0 at main@malloc
 * truth: 5 blocks of 0 at main@calloc
 * truth: 5 blocks of 0 at main@realloc
 * truth: total 25 blocks, 0 bytes
 */
#include <stdlib.h>

int main(void)
{
	for (int i = 0; i < 5; i++) {
		malloc(0); /* malloc */
		calloc(0, 8); /* calloc */
		realloc(NULL, 0); /* realloc */
		free(malloc(0));
		free(calloc(8, 0));
		for (int j = 0; j < 100; j++)
			free(NULL);
	}
	return 0;
}

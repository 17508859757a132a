/* SPDX-License-Identifier: Apache-2.0
 *
 * realloc to nothing frees the block and gives none.
 *
 * truth: total 30 blocks, 30300 bytes
 */
#include <stdlib.h>

int main(void)
{
	int kept = 0;

	for (int i = 0; i < 10; i++) {
		kept += realloc(malloc(10), 0) != NULL;
		kept += realloc(malloc(1020), 0) != NULL;
		kept += reallocarray(malloc(2000), 0, 8) != NULL;
	}
	return kept;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums beyond 32 bits: nine blocks of 600 MiB that nobody touches, kept, and nine given back. Ends with 77 (skip)
 * where the system does not promise that much memory.
 *
 * truth: 9 blocks of 629145600 at main@kept
 * truth: total 18 blocks, 11324620800 bytes
 */
#include <stdlib.h>

int main(void)
{
	for (int i = 0; i < 9; i++) {
		void *kept = malloc(629145600); /* kept */

		if (!kept)
			return 77;
		free(malloc(629145600));
	}
	return 0;
}

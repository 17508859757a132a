/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks around the size that the C library maps one by one, and far beyond it.
 *
 * truth: 2 blocks, 262145 bytes at main@threshold
 * truth: 1 block of 1073741824 at main@huge
 * truth: 1 block of 68157440 at main@zeroed
 * truth: total 6 blocks, 2279866369 bytes
 */
#include <stdlib.h>

int main(void)
{
	for (int bytes = 131072; bytes <= 131073; bytes++)
		malloc(bytes); /* threshold */
	malloc(1073741824); /* huge */
	free(malloc(1073741824));
	calloc(65, 1048576); /* zeroed */
	free(calloc(61, 1048576));
	return 0;
}

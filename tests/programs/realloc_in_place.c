/* SPDX-License-Identifier: Apache-2.0
 *
 * Grows and shrinks blocks that stay where they are, below and above the size from which blocks are sent at once.
 *
 * truth: 1 block of 1010 at main@grown
 * truth: 1 block of 2004 at main@grown_large
 * truth: 1 block of 10 at main@shrunk
 * truth: 2 blocks of 1020 at main@shrunk_across
 * truth: total 10 blocks, 11085 bytes
 */
#include <stdlib.h>

int main(void)
{
	void *small = malloc(1001);
	void *large = malloc(2000);
	void *shrinking = malloc(20);
	void *across[2] = {malloc(1500), malloc(1500)};
	int moved = 0;

	moved += realloc(small, 1010) != small; /* grown */
	moved += realloc(large, 2004) != large; /* grown_large */
	moved += realloc(shrinking, 10) != shrinking; /* shrunk */
	for (int i = 0; i < 2; i++)
		moved += realloc(across[i], 1020) != across[i]; /* shrunk_across */
	return moved;
}

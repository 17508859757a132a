/* SPDX-License-Identifier: Apache-2.0
 * flags: -static
 *
 * Leaks one block of 500 bytes, says so, and can't be traced: no dynamic linker, so nothing is preloaded.
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	void *volatile kept = malloc(500);

	kept = NULL;
	puts("leaked 500");
	return kept ? 1 : 5;
}

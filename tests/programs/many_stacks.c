/* SPDX-License-Identifier: Apache-2.0
 *
 * many_stacks: 131,072 allocations of 48 bytes, each with a call stack of its own: every choice between two calls at 17 levels.
 * Forgets them all, 6 MiB.
 */
#include <stdlib.h>

enum { LEVELS = 17 };

__attribute__((noinline)) static void *allocate(unsigned path, int level)
{
	void *block;

	if (level == LEVELS)
		return malloc(48);
	if (path >> level & 1)
		block = allocate(path, level + 1);
	else
		block = allocate(path, level + 1);
	__asm__ volatile("" : "+r"(block)); /* the call is none that ends the function */
	return block;
}

int main(void)
{
	for (unsigned path = 0; path < 1u << LEVELS; path++)
		if (!allocate(path, 0))
			return 1;
	return 0;
}

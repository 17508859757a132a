/* SPDX-License-Identifier: Apache-2.0
 *
 * Eight paths to one leaf whose stacks look alike (same frames, same sizes, two functions in changing order): each
 * path forgets another number of blocks, and no two are mixed up.
 *
 * truth: 1 block of 10 at leaf@leaf < odd@odd < odd@odd < odd@odd < main@main
 * truth: 2 blocks of 10 at leaf@leaf < odd@odd < odd@odd < even@even < main@main
 * truth: 3 blocks of 10 at leaf@leaf < odd@odd < even@even < odd@odd < main@main
 * truth: 4 blocks of 10 at leaf@leaf < odd@odd < even@even < even@even < main@main
 * truth: 5 blocks of 10 at leaf@leaf < even@even < odd@odd < odd@odd < main@main
 * truth: 6 blocks of 10 at leaf@leaf < even@even < odd@odd < even@even < main@main
 * truth: 7 blocks of 10 at leaf@leaf < even@even < even@even < odd@odd < main@main
 * truth: 8 blocks of 10 at leaf@leaf < even@even < even@even < even@even < main@main
 * truth: total 360 blocks, 3600 bytes
 */
#include <stdlib.h>

typedef void function(unsigned path, unsigned depth);
static function odd, even, leaf;

static function *next(unsigned path, unsigned depth)
{
	return depth == 3 ? leaf : (path >> depth) % 2 ? even : odd;
}

static void odd(unsigned path, unsigned depth)
{
	next(path, depth)(path, depth + 1); /* odd */
}

static void even(unsigned path, unsigned depth)
{
	next(path, depth)(path, depth + 1); /* even */
}

static void leaf(unsigned path, unsigned depth)
{
	void *block = malloc(10); /* leaf */
	static unsigned calls[8];

	(void)depth;
	if (calls[path]++ > path)
		free(block);
}

int main(void)
{
	for (int i = 0; i < 45; i++)
		for (unsigned path = 0; path < 8; path++)
			next(path, 0)(path, 1); /* main */
	return 0;
}

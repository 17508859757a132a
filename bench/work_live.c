/* SPDX-License-Identifier: Apache-2.0
 *
 * work_live.c: blocks that live long. Fills a table, then replaces blocks picked at random, as many as the table has,
 * and gives back every second one at the end; the others are left to the end of the process.
 *   work_live [BLOCKS]
 */
#include "work.h"

static FRAME void *make(uint64_t random)
{
	size_t size = work_size(random);

	return memset(work_check(malloc(size)), (int)size, size);
}

static FRAME void *fill(uint64_t random)
{
	return make(random);
}

static FRAME void *replace(void *old, uint64_t random)
{
	free(old);
	return make(random);
}

int main(int argc, char **argv)
{
	uint64_t blocks = work_argument(argc, argv, 1, 1000000);
	void **table = work_check(malloc(blocks * sizeof(*table)));
	uint64_t random = 0x5ee9;

	for (uint64_t i = 0; i < blocks; i++)
		table[i] = fill(work_random(&random));
	for (uint64_t i = 0; i < blocks; i++) {
		uint64_t value = work_random(&random);
		void **victim = &table[(value >> 32) % blocks];

		*victim = replace(*victim, value);
	}
	for (uint64_t i = 0; i < blocks; i += 2)
		free(table[i]);
	work_print("allocations", 2 * blocks + 1);
	return 0;
}

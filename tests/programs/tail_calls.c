/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -fno-inline
 *
 * A function whose last deed is to call malloc jumps there and has no frame any more: the block is its caller's.
 *
 * truth: 5 blocks of 71 at main@main < _start
 * truth: 5 blocks of 73 at leak@leak < main@main_too < _start
 * truth: total 10 blocks, 720 bytes
 */
#include <stdlib.h>

static void *get(size_t bytes)
{
	return malloc(bytes);
}

static void *get_more(size_t bytes)
{
	return get(bytes + 1);
}

static int leak(size_t bytes)
{
	return get_more(bytes) != NULL; /* leak */
}

/* Between them the compiler leaves jumps only. */
static int pass(size_t bytes)
{
	return leak(bytes);
}

int main(void)
{
	int given = 0;

	for (int i = 0; i < 5; i++) {
		given += get_more(70) != NULL; /* main */
		given += pass(72); /* main_too */
	}
	return given != 10;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates as early and frees as late as a program can: before all constructors, in them, and in destructors.
 *
 * truth: 1 block of 11 at earliest@earliest
 * truth: 1 block of 22 at early@early
 * truth: 1 block of 44 at late@late
 * truth: total 6 blocks, 3077 bytes
 */
#include <stdlib.h>

static void *from_earliest, *from_early, *from_main;

static void earliest(void)
{
	malloc(11); /* earliest */
	from_earliest = malloc(1000);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = earliest;

__attribute__((constructor(101))) static void early(void)
{
	malloc(22); /* early */
	from_early = malloc(1000);
}

__attribute__((destructor(101))) static void late(void)
{
	free(from_earliest);
	free(from_early);
	free(from_main);
	malloc(44); /* late */
}

int main(void)
{
	from_main = malloc(1000);
	return 0;
}

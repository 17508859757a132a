/* SPDX-License-Identifier: Apache-2.0
 *
 * The library of library_destructor.c: its constructor allocates; its destructor frees that, and forgets one.
 */
#include <stdlib.h>

static void *blocks[2];

__attribute__((constructor)) static void load(void)
{
	blocks[0] = malloc(640); /* load */
	blocks[1] = malloc(6400);
}

__attribute__((destructor)) static void unload(void)
{
	free(blocks[1]);
	free(blocks[0]);
	malloc(64); /* unload */
}

/* SPDX-License-Identifier: Apache-2.0
 * flags: -Wno-unused-result
 *
 * Keeps one block from every function of the malloc family, each of a size of its own.
 *
 * truth: 1 block of 101 at main@malloc
 * truth: 1 block of 102 at main@calloc
 * truth: 1 block of 103 at main@realloc
 * truth: 1 block of 104 at main@reallocarray
 * truth: 1 block of 105 at main@memalign
 * truth: 1 block of 128 at main@aligned_alloc
 * truth: 1 block of 107 at main@posix_memalign
 * truth: 1 block of 108 at main@valloc
 * truth: 1 block of 109 at main@pvalloc
 * truth: total 9 blocks, 967 bytes
 */
#include <malloc.h>
#include <stdlib.h>

int main(void)
{
	void *block;

	malloc(101); /* malloc */
	calloc(3, 34); /* calloc */
	realloc(NULL, 103); /* realloc */
	reallocarray(NULL, 8, 13); /* reallocarray */
	memalign(64, 105); /* memalign */
	aligned_alloc(32, 128); /* aligned_alloc */
	posix_memalign(&block, 4096, 107); /* posix_memalign */
	valloc(108); /* valloc */
	pvalloc(109); /* pvalloc */
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks for what nobody has. What was not given is not an allocation.
 *
 * truth: total 0 blocks, 0 bytes
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

static volatile size_t too_much = PTRDIFF_MAX;

int main(void)
{
	void *block = NULL;
	int given = 0;

	given += malloc(too_much) != NULL;
	given += calloc(too_much, 16) != NULL;
	given += realloc(NULL, too_much) != NULL;
	given += reallocarray(NULL, too_much, 16) != NULL;
	given += memalign(64, too_much) != NULL;
	given += aligned_alloc(64, too_much & ~63ul) != NULL;
	given += posix_memalign(&block, 64, too_much) == 0;
	given += posix_memalign(&block, 3, 10) == 0;
	given += valloc(too_much) != NULL;
	given += pvalloc(too_much) != NULL;
	return given;
}

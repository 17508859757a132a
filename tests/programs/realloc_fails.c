/* SPDX-License-Identifier: Apache-2.0
 *
 * A realloc that fails leaves the old block where and what it was: still the one of its malloc.
 *
 * truth: 1 block of 100 at main@small
 * truth: 1 block of 5000 at main@large
 * truth: 1 block of 300 at main@again
 * truth: total 5 blocks, 5800 bytes
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static volatile size_t too_much = PTRDIFF_MAX;

static int fails(void *block)
{
	void *result;

	errno = 0;
	result = realloc(block, too_much);
	if (result || errno != ENOMEM)
		return 0;
	errno = 0;
	result = reallocarray(block, too_much, 8);
	return !result && errno == ENOMEM;
}

int main(void)
{
	char *small = malloc(100); /* small */
	char *large = malloc(5000); /* large */
	char *freed = malloc(200);
	char *later = malloc(200);
	int failed = fails(small) + fails(large) + fails(freed) + fails(later);

	free(freed);
	later = realloc(later, 300); /* again */
	return failed == 4 && later ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * errno is the caller's: no allocation that succeeds and no free changes it, however full a ring is.
 *
 * truth: total 60000 blocks, 57560000 bytes
 */
#include <errno.h>
#include <stdlib.h>

int main(void)
{
	int changed = 0;

	for (int i = 0; i < 20000; i++) {
		errno = 12345;
		char *small = malloc(100);
		char *large = calloc(1, 1389);
		large = realloc(large, 1389);
		free(large);
		free(small);
		changed += errno != 12345;
	}
	return changed != 0;
}

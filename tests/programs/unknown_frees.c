/* SPDX-License-Identifier: Apache-2.0
 * flags: -Wno-unused-result
 *
 * Blocks that came past seep, straight from the C library, are freed and renewed in the ordinary way: frees of unknown
 * blocks, and one new block.
 *
 * truth: 1 block of 30 at main@renewed
 * truth: unknown 11
 * truth: anything at main@open
 */
#include <dlfcn.h>
#include <stdlib.h>

int main(void)
{
	void *library = dlopen("libc.so.6", RTLD_NOW); /* open */
	void *(*direct)(size_t) = (void *(*)(size_t))dlsym(library, "malloc");

	for (int i = 0; i < 10; i++)
		free(direct(100 + 200 * i));
	realloc(direct(20), 30); /* renewed */
	dlclose(library);
	return 0;
}

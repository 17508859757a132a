/* SPDX-License-Identifier: Apache-2.0
 * flags: '-Wl,-rpath,$ORIGIN'
 *
 * Loads a library that allocates in its constructor and frees in its destructor: five times unloaded at once, the sixth
 * time at the exit.
 *
 * truth: 6 blocks of 64 at unload@unload
 * truth: anything at main@open
 */
#include <dlfcn.h>
#include <stddef.h>

int main(void)
{
	for (int i = 0; i < 6; i++) {
		void *library = dlopen("library_destructor.so", RTLD_NOW); /* open */

		if (!library)
			return 1;
		if (i < 5)
			dlclose(library);
	}
	return 0;
}

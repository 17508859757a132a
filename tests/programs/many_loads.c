/* SPDX-License-Identifier: Apache-2.0
 * flags: '-Wl,-rpath,$ORIGIN'
 *
 * Loads and unloads a library 4200 times; each time it forgets a block of 111 bytes. tests/t/cost.sh traces it: so many loads are more than
 * a trace has room for.
 */
#include <dlfcn.h>
#include <stddef.h>

int main(void)
{
	for (int i = 0; i < 4200; i++) {
		void *library = dlopen("unloaded_libraries_first.so", RTLD_LAZY);
		void (*entry)(void) = library ? (void (*)(void))dlsym(library, "entry") : NULL;

		if (!entry)
			return 1;
		entry();
		dlclose(library);
	}
	return 0;
}

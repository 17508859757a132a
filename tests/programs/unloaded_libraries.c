/* SPDX-License-Identifier: Apache-2.0
 * flags: '-Wl,-rpath,$ORIGIN'
 *
 * A library is loaded, forgets a block and is unloaded; then another one at the very same address does, three
 * times in turn. The stacks are the same numbers, and mean different functions.
 *
 * truth: 3 blocks of 111 at first_leak@first < entry@enter_first < main@call < _start
 * truth: 3 blocks of 222 at second_leak@second < entry@enter_second < main@call < _start
 * truth: anything at main@open
 */
#include <dlfcn.h>
#include <stddef.h>

int main(void)
{
	void *place = NULL;

	for (int i = 0; i < 6; i++) {
		const char *name = i % 2 ? "unloaded_libraries_second.so" : "unloaded_libraries_first.so";
		void *library = dlopen(name, RTLD_LAZY); /* open */
		void (*entry)(void) = library ? (void (*)(void))dlsym(library, "entry") : NULL;

		if (!entry || (place && place != (void *)entry))
			return 1;
		place = (void *)entry;
		entry(); /* call */
		dlclose(library);
	}
	return 0;
}

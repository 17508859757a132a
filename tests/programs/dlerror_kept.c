/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks the dynamic linker for its last error before and after an own one: nobody else's is found there, and its
 * message is given back like any block.
 *
 * truth: total 5 blocks
 */
#include <dlfcn.h>
#include <stdlib.h>

int main(void)
{
	const char *none, *own;

	free(malloc(1));
	none = dlerror();
	if (dlsym(RTLD_DEFAULT, "a_name_that_nobody_has"))
		return 1;
	own = dlerror();
	return none || !own || dlerror();
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that stays loaded, one that does not, and one that is not there.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *load(const char *program, const char *name)
{
	char path[4096];
	const char *slash = strrchr(program, '/');

	snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - program), program, name);
	return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
}

int main(int argc, char **argv)
{
	void *plugin = load(argv[0], "hello_plugin.so"), *frames[10], *again;
	const char *(*say)(int leak);

	if (!plugin)
		return 1;
	*(void **)&say = dlsym(plugin, "say");
	again = load(argv[0], "unloaded_libraries_first.so");
	dlclose(again);
	if (dlopen("/nowhere/plugin.so", RTLD_LAZY) || !dlerror())
		return 2;
	dlopen("libm.so.6", RTLD_LAZY);
	backtrace(frames, 10);
	printf("%s\n", say(argc > 1));
	return 0;
}

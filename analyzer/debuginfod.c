/* SPDX-License-Identifier: Apache-2.0
 *
 * debuginfod.c: elfutils' client, loaded when it is first asked for: it brings an HTTP library along, which a report
 * without servers does not need.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "debuginfod.h"
#include "error.h"

typedef int fetch_function(void *client, const unsigned char *build_id, int build_id_bytes, char **path);

struct seep_debuginfod {
	void *library;
	void *client;
	void (*end)(void *client);
	fetch_function *debug_file, *program;
};

int seep_debuginfod_open(struct seep_debuginfod **d, struct seep_error *e)
{
	const char *servers = getenv("DEBUGINFOD_URLS");
	struct seep_debuginfod *opened;
	void *(*begin)(void);

	if (!servers || !*servers)
		return seep_error_set(e, "debuginfod was not asked: the variable DEBUGINFOD_URLS names no server");
	opened = calloc(1, sizeof(*opened));
	if (!opened)
		return seep_error_set(e, "debuginfod was not asked: memory ran out");
	opened->library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!opened->library) {
		free(opened);
		return seep_error_set(e,
			"debuginfod was not asked: libdebuginfod.so.1 is missing (on Debian: install libdebuginfod1)");
	}
	begin = (void *(*)(void))dlsym(opened->library, "debuginfod_begin");
	opened->end = (void (*)(void *))dlsym(opened->library, "debuginfod_end");
	opened->debug_file = (fetch_function *)dlsym(opened->library, "debuginfod_find_debuginfo");
	opened->program = (fetch_function *)dlsym(opened->library, "debuginfod_find_executable");
	opened->client = begin && opened->end && opened->debug_file && opened->program ? begin() : NULL;
	if (!opened->client) {
		seep_debuginfod_close(opened);
		return seep_error_set(e, "debuginfod was not asked: its library can't be used");
	}
	*d = opened;
	return 0;
}

char *seep_debuginfod_fetch(struct seep_debuginfod *d, const uint8_t *build_id, size_t bytes, bool program)
{
	fetch_function *fetch = program ? d->program : d->debug_file;
	char *path = NULL;
	int fd = bytes ? fetch(d->client, build_id, (int)bytes, &path) : -1;

	if (fd < 0)
		return NULL;
	close(fd);
	return path;
}

void seep_debuginfod_close(struct seep_debuginfod *d)
{
	if (!d)
		return;
	if (d->client)
		d->end(d->client);
	dlclose(d->library);
	free(d);
}

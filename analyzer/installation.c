/* SPDX-License-Identifier: Apache-2.0
 *
 * installation.c: see installation.h.
 */
#include "installation.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int seep_installation_find(const char *name, char found[PATH_MAX], struct seep_error *error)
{
	static const char *const places[] = {"", "../lib/seep/"}; /* the build tree, an installation */
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	if (length <= 0)
		return seep_error_set(error, "/proc/self/exe cannot be read (%s): is /proc mounted?", strerror(errno));
	own[length] = 0;
	slash = strrchr(own, '/');
	slash[1] = 0;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char path[2 * PATH_MAX];

		snprintf(path, sizeof path, "%s%s%s", own, places[i], name);
		if (realpath(path, found))
			return 0;
	}
	return seep_error_set(
		error, "%s is neither in %s nor in %s../lib/seep: the installation is incomplete", name, own, own);
}

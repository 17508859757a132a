/* SPDX-License-Identifier: Apache-2.0
 *
 * beside.c: see beside.h. Called by output.c, which names traces, and by start.c, durable.c, recover.c and broker.c. One thread.
 */
#include "beside.h"

#include <fcntl.h>
#include <stdio.h>

void seep_beside_name(const char *trace, enum seep_beside file, char path[SEEP_BESIDE_PATH])
{
	snprintf(path, SEEP_BESIDE_PATH, "%s.%s", trace, seep_beside_ending(file));
}

bool seep_beside_taken(int folder, const char *trace)
{
	char name[SEEP_BESIDE_PATH];
	struct stat st;

	for (int i = 0; i < SEEP_BESIDES; i++) {
		seep_beside_name(trace, (enum seep_beside)i, name);
		if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

bool seep_beside_books(const char *trace)
{
	char path[SEEP_BESIDE_PATH];
	struct stat st;

	seep_beside_name(trace, SEEP_BESIDE_BOOKS, path);
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

void seep_beside_clear(int folder, const char *trace, uint64_t trace_checksum)
{
	char name[SEEP_BESIDE_PATH];

	for (int i = 0; i < SEEP_BESIDES; i++) {
		int fd;

		seep_beside_name(trace, (enum seep_beside)i, name);
		fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			continue;
		if (seep_beside_is(fd, (enum seep_beside)i, trace_checksum))
			(void)unlinkat(folder, name, 0);
		close(fd);
	}
}

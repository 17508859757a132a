/* SPDX-License-Identifier: Apache-2.0
 *
 * beside.c: see beside.h. Called by output.c, which names traces, and by region.c, durable.c, recover.c and broker.c. One thread.
 */
#include "beside.h"

#include "output.h"

#include <fcntl.h>

static int look(int folder, const char *trace, enum seep_beside file, char name[SEEP_BESIDE_PATH])
{
	seep_beside_name(trace, file, name);
	return openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

static bool is_its(int fd, enum seep_beside file, const uint64_t *trace_checksum)
{
	return fd >= 0 && trace_checksum && seep_beside_is(fd, file, *trace_checksum);
}

bool seep_beside_taken(int folder, const char *trace, const uint64_t *trace_checksum)
{
	char name[SEEP_BESIDE_PATH];
	struct stat st;
	bool taken = false;

	for (int i = 0; i < SEEP_BESIDES && !taken; i++) {
		int fd = look(folder, trace, (enum seep_beside)i, name);

		taken = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			!is_its(fd, (enum seep_beside)i, trace_checksum);
		if (fd >= 0)
			close(fd);
	}
	return taken;
}

int seep_beside_create(const char *trace, enum seep_beside file, uint64_t trace_checksum, char path[SEEP_BESIDE_PATH])
{
	const struct seep_beside_head head = seep_beside_head(file, trace_checksum);

	seep_beside_name(trace, file, path);
	return seep_output_exclusive_with(path, &head, sizeof(head));
}

bool seep_beside_books(const char *trace)
{
	char path[SEEP_BESIDE_PATH];
	struct stat st;

	seep_beside_name(trace, SEEP_BESIDE_BOOKS, path);
	return lstat(path, &st) == 0 && seep_beside_has_more(&st);
}

void seep_beside_clear(int folder, const char *trace, uint64_t trace_checksum)
{
	char name[SEEP_BESIDE_PATH];

	for (int i = 0; i < SEEP_BESIDES; i++) {
		int fd = look(folder, trace, (enum seep_beside)i, name);

		if (is_its(fd, (enum seep_beside)i, &trace_checksum))
			(void)unlinkat(folder, name, 0);
		if (fd >= 0)
			close(fd);
	}
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * output_file.c: a temporary file and rename().
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output_file.h"

/* As fopen would have made it; mkstemp makes files that only their owner can read. */
static mode_t usual_mode(const char *path)
{
	struct stat status;
	mode_t mask;

	if (stat(path, &status) == 0)
		return status.st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int cannot(const char *path, struct seep_error *error)
{
	return seep_error_set(error, "%s can't be written: %s", path, strerror(errno));
}

int seep_output_file_open(struct seep_output_file *file, const char *path, struct seep_error *error)
{
	struct stat status;
	int fd;

	*file = (struct seep_output_file){.path = path};
	/* A link too: /dev/stdout is one, and must not be replaced. */
	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		file->stream = fopen(path, "we");
		return file->stream ? 0 : cannot(path, error);
	}
	if (asprintf(&file->part, "%s.XXXXXX", path) < 0) {
		file->part = NULL;
		return seep_error_set(error, "%s: out of memory", path);
	}
	fd = mkstemp(file->part);
	if (fd >= 0 && fchmod(fd, usual_mode(path)) == 0 && (file->stream = fdopen(fd, "w")))
		return 0;
	cannot(path, error);
	if (fd >= 0) {
		close(fd);
		unlink(file->part);
	}
	free(file->part);
	return -1;
}

int seep_output_file_close(struct seep_output_file *file, struct seep_error *error)
{
	bool failed = ferror(file->stream);
	int result = 0;

	errno = 0;
	if (fclose(file->stream) != 0 || failed || (file->part && rename(file->part, file->path) != 0)) {
		result = cannot(file->path, error);
		if (file->part)
			unlink(file->part);
	}
	free(file->part);
	return result;
}

void seep_output_file_drop(struct seep_output_file *file)
{
	fclose(file->stream);
	if (file->part)
		unlink(file->part);
	free(file->part);
}

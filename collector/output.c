/* SPDX-License-Identifier: Apache-2.0
 *
 * output.c: names and makes trace files. Called by start.c, region.c, durable.c and trim.c. One thread.
 */
#include "output.h"

#include "beside.h"

#include "seep/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBERS_MAX 100000u /* FILE.1.seep and so on */

static int pattern_expand(const char *pattern, const struct seep_process *process, char *path)
{
	char name[256], pid[16];
	size_t used = 0;

	seep_process_name(process, name, sizeof(name));
	snprintf(pid, sizeof(pid), "%d", (int)process->pid);
	for (const char *at = pattern; *at; at++) {
		char self[2] = {*at, 0};
		const char *piece = self;
		size_t length;

		if (*at == '%' && at[1]) {
			at++;
			piece = *at == 'e' ? name : *at == 'p' ? pid : "%";
		}
		length = strlen(piece);
		if (used + length >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(path + used, piece, length);
		used += length;
	}
	path[used] = 0;
	return 0;
}

/* Whether a descriptor is that of a whole trace which nobody writes any more and which is older than the run. */
static bool is_finished_trace(int fd, uint64_t run_start_ns, struct stat *st)
{
	char magic[sizeof(SEEP_TRACE_MAGIC) - 1];

	return fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0 && pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	       memcmp(magic, SEEP_TRACE_MAGIC, sizeof(magic)) == 0 &&
	       (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec < run_start_ns;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* durable: only if the next one can have its name. */
static void earlier_trace_remove(int folder, const char *name, uint64_t run_start_ns, bool durable)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct seep_trace_frame first;
	struct stat opened, now;

	if (fd < 0)
		return;
	/* Under the lock, and only if the name still means the file that was looked at. */
	if (is_finished_trace(fd, run_start_ns, &opened) && fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
		is_same(&opened, &now)) {
		bool begun = pread(fd, &first, sizeof(first), sizeof(struct seep_trace_header)) == sizeof(first);
		const uint64_t *checksum = begun ? &first.checksum : NULL;

		/* Its files first: without it nothing would tell whose they are. */
		if (!(durable && seep_beside_taken(folder, name, checksum))) {
			if (begun)
				seep_beside_clear(folder, name, first.checksum);
			(void)unlinkat(folder, name, 0);
		}
	}
	close(fd);
}

/* Leaves errno as it is. */
static void close_only(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

/* Opens a folder of an open one. A link is followed if it is root's or our own: others could lead what is written anywhere. */
static int folder_enter(int folder, const char *name)
{
	struct stat st;
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISLNK(st.st_mode)) {
		if (st.st_uid != 0 && st.st_uid != geteuid()) {
			errno = ELOOP;
			return -1;
		}
		flags &= ~O_NOFOLLOW;
	}
	return openat(folder, name, flags);
}

/* The folder of a path, whose last part is left at *name. Returns a descriptor, or -1 with errno. */
static int folder_open(const char *path, const char **name)
{
	int folder = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC), inner;
	char part[NAME_MAX + 1];

	while (folder >= 0) {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (!path[length])
			break;
		if (length > NAME_MAX) {
			close(folder);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, length);
		part[length] = 0;
		inner = folder_enter(folder, part);
		close_only(folder);
		folder = inner;
		path += length;
	}
	*name = path;
	return folder;
}

static int exclusive(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0)
		(void)flock(fd, LOCK_EX | LOCK_NB); /* only tells other collectors; some file systems have none */
	return fd;
}

static bool begin(int fd, const void *start, size_t bytes)
{
	errno = ENOSPC;
	return pwrite(fd, start, bytes, 0) == (ssize_t)bytes;
}

/* Writes into a file without a name, and gives it one then. */
static int exclusive_with(int folder, const char *name, const void *start, size_t bytes)
{
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char self[40];

	if (fd < 0)
		return -1;
	(void)flock(fd, LOCK_EX | LOCK_NB);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (begin(fd, start, bytes) && linkat(AT_FDCWD, self, folder, name, AT_SYMLINK_FOLLOW) == 0)
		return fd;
	close_only(fd);
	return -1;
}

/* Where that can't be done. */
static int exclusive_then(int folder, const char *name, const void *start, size_t bytes)
{
	int fd = exclusive(folder, name);

	if (fd < 0 || begin(fd, start, bytes))
		return fd;
	(void)unlinkat(folder, name, 0);
	close_only(fd);
	return -1;
}

int seep_output_exclusive(const char *path)
{
	const char *name;
	int folder = folder_open(path, &name), fd;

	if (folder < 0)
		return -1;
	fd = exclusive(folder, name);
	close_only(folder);
	return fd;
}

int seep_output_exclusive_with(const char *path, const void *start, size_t bytes)
{
	const char *name;
	int folder = folder_open(path, &name), fd;

	if (folder < 0)
		return -1;
	fd = exclusive_with(folder, name, start, bytes);
	if (fd < 0 && errno != EEXIST)
		fd = exclusive_then(folder, name, start, bytes);
	close_only(folder);
	return fd;
}

void seep_output_remove(const char *path, int fd)
{
	struct stat ours, there;

	if (fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && is_same(&ours, &there))
		(void)unlink(path);
}

int seep_output_replace(const char *path, int fd, const char *new_path)
{
	struct stat ours, there;

	if (fstat(fd, &ours) < 0)
		return -1;
	if (lstat(path, &there) == 0 && !is_same(&ours, &there)) {
		errno = EEXIST;
		return -1;
	}
	return rename(new_path, path);
}

/* A trace of this name, in the place of an earlier one if there is. */
static int trace_make(const char *path, const struct seep_settings *settings, uint64_t run_start_ns)
{
	const char *name;
	int folder = folder_open(path, &name), fd = -1;

	if (folder < 0)
		return -1;
	earlier_trace_remove(folder, name, run_start_ns, settings->durable);
	if (settings->durable && seep_beside_taken(folder, name, NULL))
		errno = EEXIST;
	else
		fd = exclusive(folder, name);
	close_only(folder);
	return fd;
}

/* FILE.seep, FILE.1.seep, FILE.2.seep, ... */
static int number_insert(const char *base, unsigned number, char *path)
{
	static const char ending[] = ".seep";
	size_t length = strlen(base), stem = length;
	int written;

	if (length > sizeof(ending) - 1 && strcmp(base + length - (sizeof(ending) - 1), ending) == 0)
		stem -= sizeof(ending) - 1;
	written = number ? snprintf(path, PATH_MAX, "%.*s.%u%s", (int)stem, base, number, base + stem)
			 : snprintf(path, PATH_MAX, "%s", base);
	if (written >= 0 && written < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int seep_output_create(const struct seep_settings *settings, const struct seep_process *process, uint64_t run_start_ns,
	char *path, char *message, size_t message_size)
{
	char base[PATH_MAX];
	int fd = -1, error;

	path[0] = 0;
	if (pattern_expand(settings->output, process, base) == 0) {
		for (unsigned number = 0; number < NUMBERS_MAX; number++) {
			if (number_insert(base, number, path) < 0)
				break;
			fd = trace_make(path, settings, run_start_ns);
			if (fd >= 0 || errno != EEXIST)
				break;
		}
	}
	error = errno;
	if (fd < 0)
		snprintf(message, message_size, "cannot create the trace %s: %s", path[0] ? path : settings->output,
			error == ELOOP ? "a folder in this path is a link of another user" : strerror(error));
	errno = error;
	return fd;
}

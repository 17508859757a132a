/* SPDX-License-Identifier: Apache-2.0
 *
 * recovery.c: runs `seep-collector recover`. Called by reader.c and cmd_recover.c.
 */
#include "recovery.h"

#include "installation.h"

#include "seep/beside.h"
#include "seep/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opens a file beside a trace to look at it. Returns a descriptor, or -1. */
static int beside_open(const char *trace, enum seep_beside file, char path[SEEP_BESIDE_PATH])
{
	seep_beside_name(trace, file, path);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
}

static bool checksum_read(const char *trace, uint64_t *checksum)
{
	int fd = open(trace, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct seep_trace_frame first;
	bool is = fd >= 0 && pread(fd, &first, sizeof first, sizeof(struct seep_trace_header)) == sizeof first &&
		  first.magic == SEEP_FRAME_MAGIC;

	if (fd >= 0)
		close(fd);
	*checksum = is ? first.checksum : 0;
	return is;
}

static bool is_its(const char *trace, enum seep_beside file, uint64_t checksum)
{
	char path[SEEP_BESIDE_PATH];
	int fd = beside_open(trace, file, path);
	bool is = fd >= 0 && seep_beside_is(fd, file, checksum);

	if (fd >= 0)
		close(fd);
	return is;
}

bool seep_recovery_begun(const char *trace)
{
	uint64_t checksum;

	return checksum_read(trace, &checksum) &&
	       (is_its(trace, SEEP_BESIDE_JOURNAL, checksum) || is_its(trace, SEEP_BESIDE_RING, checksum) ||
		       is_its(trace, SEEP_BESIDE_BOOKS, checksum));
}

/* Damaged books are books, as long as one of the others is right. */
bool seep_recovery_possible(const char *trace)
{
	char path[SEEP_BESIDE_PATH];
	int fd = beside_open(trace, SEEP_BESIDE_BOOKS, path);
	struct stat st;
	bool is = fd >= 0 && fstat(fd, &st) == 0 && seep_beside_has_more(&st);

	if (fd >= 0)
		close(fd);
	return is && seep_recovery_begun(trace);
}

int seep_recovery_files_remove(const char *trace, struct seep_error *error)
{
	uint64_t checksum;
	int status = 0;

	if (!checksum_read(trace, &checksum))
		return 0;
	for (int i = 0; i < SEEP_BESIDES; i++) {
		char path[SEEP_BESIDE_PATH];
		int fd = beside_open(trace, (enum seep_beside)i, path);

		if (fd < 0)
			continue;
		if (seep_beside_is(fd, (enum seep_beside)i, checksum) && unlink(path) < 0 && errno != ENOENT)
			status = seep_error_set(error, "%s cannot be removed: %s", path, strerror(errno));
		close(fd);
	}
	return status;
}

static void become_collector(const char *collector, const char *trace, int out, int told)
{
	char descriptor[16];

	unsetenv("LD_PRELOAD");
	snprintf(descriptor, sizeof descriptor, "%d", out);
	if (dup2(told, STDOUT_FILENO) == STDOUT_FILENO && fcntl(out, F_SETFD, 0) == 0)
		execl(collector, collector, "recover", trace, descriptor, (char *)NULL);
	_exit(127);
}

/* What it says, up to its end, without the newline. */
static void hear(int fd, char *text, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size - 1 && ((got = read(fd, text + used, size - 1 - used)) > 0 || (got < 0 && errno == EINTR)))
		used += got > 0 ? (size_t)got : 0;
	text[used] = 0;
	text[strcspn(text, "\n")] = 0;
}

static int run(const char *collector, const char *trace, int out, struct seep_error *error)
{
	char text[400];
	int told[2], status;
	pid_t pid;

	if (pipe2(told, O_CLOEXEC) < 0)
		return seep_error_set(error, "%s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become_collector(collector, trace, out, told[1]);
	close(told[1]);
	hear(told[0], text, sizeof text);
	close(told[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return seep_error_set(error, "they keep %s busy for ever", collector);
	if (pid > 0 && *text)
		return seep_error_set(error, "%s", text);
	return seep_error_set(error, "%s could not do it (status %d)", collector, pid > 0 ? status : -1);
}

int seep_recovery_run(const char *trace, struct seep_error *error)
{
	char collector[PATH_MAX];
	int out;

	if (seep_installation_find("seep-collector", collector, error) < 0)
		return -1;
	out = memfd_create("trace", MFD_CLOEXEC);
	if (out < 0)
		return seep_error_set(error, "%s", strerror(errno));
	if (run(collector, trace, out, error) == 0)
		return out;
	close(out);
	return -1;
}

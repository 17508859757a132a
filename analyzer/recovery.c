/* SPDX-License-Identifier: Apache-2.0
 *
 * recovery.c: runs `seep-collector recover`. Called by reader.c and cmd_recover.c.
 */
#include "recovery.h"

#include "installation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* As collector/durable.c has them; the last is a checkpoint in the middle of which the collector was killed. */
static const char *const endings[] = {"books", "journal", "ring", "books.new"};

#define ENDINGS (sizeof endings / sizeof endings[0])

/* Opens the checkpoint. Returns a descriptor, or -1. */
static int books_open(const char *trace)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s.%s", trace, endings[0]) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	free(path);
	return fd;
}

bool seep_recovery_possible(const char *trace)
{
	int fd = books_open(trace);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool seep_recovery_left_over(const char *trace)
{
	static const char magic[] = "seepbook"; /* as collector/checkpoint.h has it */
	char first[sizeof magic - 1];
	int fd = books_open(trace);
	bool is;

	if (fd < 0)
		return false;
	is = read(fd, first, sizeof first) == sizeof first && memcmp(first, magic, sizeof first) == 0;
	close(fd);
	return is;
}

int seep_recovery_files_remove(const char *trace, struct seep_error *error)
{
	int status = 0;

	for (size_t i = 0; i < ENDINGS; i++) {
		char *path;

		if (asprintf(&path, "%s.%s", trace, endings[i]) < 0)
			return seep_error_set(error, "out of memory");
		if (unlink(path) < 0 && errno != ENOENT)
			status = seep_error_set(error, "%s cannot be removed: %s", path, strerror(errno));
		free(path);
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

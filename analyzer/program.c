/* SPDX-License-Identifier: Apache-2.0
 *
 * program.c: see program.h. Reads the first bytes of files only; trusts nothing in them.
 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NOT_EXECUTABLE 126
#define NOT_FOUND 127
#define SCRIPTS_MAX 4 /* as many interpreters of interpreters as the kernel follows */

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#else
#define OWN_MACHINE EM_NONE
#endif

static bool executable_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Looks through PATH. Returns 0, or the errno that says most. */
static int search_path(const char *command, char *found)
{
	const char *path = getenv("PATH");
	int reason = ENOENT;

	if (!path)
		path = "/bin:/usr/bin";
	for (const char *end; *path; path = *end ? end + 1 : end) {
		int length;

		end = strchrnul(path, ':');
		length = (int)(end - path);
		if (snprintf(found, PATH_MAX, "%.*s%s%s", length, path, length ? "/" : "", command) >= PATH_MAX)
			continue;
		if (executable_file(found))
			return 0;
		if (access(found, F_OK) == 0)
			reason = EACCES;
	}
	return reason;
}

static int locate(const char *command, char *found)
{
	struct stat status;

	if (!strchr(command, '/'))
		return search_path(command, found);
	if (snprintf(found, PATH_MAX, "%s", command) >= PATH_MAX)
		return ENAMETOOLONG;
	if (stat(found, &status) != 0)
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	return access(found, X_OK) == 0 ? 0 : errno;
}

/* The loader's view: does it run this program with LD_PRELOAD, and has it a loader at all? */
static enum seep_program_reach reach_of(int fd, const Elf64_Ehdr *header)
{
	struct stat status;
	Elf64_Phdr segment;
	bool interpreter = false;

	if (header->e_ident[EI_CLASS] != ELFCLASS64 || (OWN_MACHINE != EM_NONE && header->e_machine != OWN_MACHINE))
		return SEEP_PROGRAM_FOREIGN;
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (pread(fd, &segment, sizeof segment, (off_t)(header->e_phoff + i * sizeof segment)) ==
				sizeof segment &&
			segment.p_type == PT_INTERP)
			interpreter = true;
	if (!interpreter)
		return SEEP_PROGRAM_STATIC;
	if (fstat(fd, &status) == 0 &&
		(((status.st_mode & S_ISUID) && status.st_uid != getuid()) ||
			((status.st_mode & S_ISGID) && (status.st_mode & S_IXGRP) && status.st_gid != getgid())))
		return SEEP_PROGRAM_PRIVILEGED;
	if (geteuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return SEEP_PROGRAM_PRIVILEGED;
	return SEEP_PROGRAM_TRACEABLE;
}

/* "#! /bin/sh -e" -> "/bin/sh". False where it is no such line. */
static bool script_interpreter(char *line, char *image)
{
	char *word;

	if (line[0] != '#' || line[1] != '!')
		return false;
	word = strtok(line + 2, " \t\n");
	if (!word)
		return false;
	snprintf(image, PATH_MAX, "%s", word);
	/* `env` looks its program up itself. */
	if (strcmp(word, "/usr/bin/env") == 0 && (word = strtok(NULL, " \t\n")) && word[0] != '-')
		search_path(word, image);
	return true;
}

static void inspect(struct seep_program *program)
{
	union {
		Elf64_Ehdr header;
		char line[PATH_MAX + 1];
	} start;

	snprintf(program->image, sizeof program->image, "%s", program->path);
	program->reach = SEEP_PROGRAM_TRACEABLE;
	for (int depth = 0; depth < SCRIPTS_MAX; depth++) {
		int fd = open(program->image, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		ssize_t got;

		memset(&start, 0, sizeof start);
		got = fd < 0 ? -1 : read(fd, &start, sizeof start - 1);
		if (got >= (ssize_t)sizeof start.header && memcmp(start.header.e_ident, ELFMAG, SELFMAG) == 0) {
			program->reach = reach_of(fd, &start.header);
			close(fd);
			return;
		}
		if (fd >= 0)
			close(fd);
		if (got <= 0 || !script_interpreter(start.line, program->image))
			return; /* unreadable, or run by the shell: whatever it is, exec will say */
	}
}

int seep_program_find(struct seep_program *program, const char *command, struct seep_error *error)
{
	int reason = locate(command, program->path);

	if (reason == 0) {
		inspect(program);
		return 0;
	}
	if (reason == ENOENT && !strchr(command, '/'))
		seep_error_set(
			error, "%s: command not found in PATH; write its path (./%s?) or install it", command, command);
	else
		seep_error_set(error, "%s: cannot be executed: %s", command, strerror(reason));
	return reason == ENOENT || reason == ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE;
}

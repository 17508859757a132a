/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_recover.c: `seep recover`: makes one whole file of a durable trace whose collector was killed, to be kept or sent. The reports
 * do not need it.
 */
#include "command.h"
#include "command_trace.h"
#include "options.h"
#include "output_file.h"
#include "reader.h"
#include "recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES 65536

static int copy(int from, FILE *to)
{
	static char buffer[COPY_BYTES];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(from, buffer, sizeof buffer, at)) > 0) {
		fwrite(buffer, 1, (size_t)got, to);
		at += got;
	}
	return got < 0 || fflush(to) != 0 ? -1 : 0;
}

/* The other files go once the new one is in its place, and on the disk. */
static int replace(const char *path, int recovered, struct seep_error *error)
{
	struct seep_output_file file;

	if (seep_output_file_open(&file, path, error) < 0)
		return -1;
	if (copy(recovered, file.stream) < 0 || fsync(fileno(file.stream)) < 0) {
		seep_error_set(error, "%s can't be written: %s", path, strerror(errno));
		seep_output_file_drop(&file);
		return -1;
	}
	return seep_output_file_close(&file, error) < 0 ? -1 : seep_recovery_files_remove(path, error);
}

/* As long as a trace is locked no recording takes its name. */
static int replace_if_still_there(const char *path, int held, int recovered, struct seep_error *error)
{
	struct stat then, now;

	if (flock(held, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return seep_error_set(error, "%s is in use: it is not replaced", path);
	if (fstat(held, &then) < 0 || stat(path, &now) < 0 || then.st_dev != now.st_dev || then.st_ino != now.st_ino)
		return seep_error_set(error, "another file has taken the place of %s meanwhile", path);
	return replace(path, recovered, error);
}

/* held: the trace, opened before it is read; or -1. */
static int recover_held(const struct seep_command *command, const char *path, int held)
{
	struct seep_trace *trace;
	struct seep_error error;
	int status = seep_command_read(command, path, &trace), removed = 0;

	if (status)
		return status;
	if (trace->recovered_fd >= 0)
		removed = replace_if_still_there(path, held, trace->recovered_fd, &error);
	else if (trace->state == SEEP_TRACE_FINISHED)
		removed = seep_recovery_files_remove(path, &error);
	else if (trace->state == SEEP_TRACE_RUNNING)
		status = seep_command_fail(command, "%s is still being written", path);
	else if (trace->fault_count)
		status = seep_command_fail(command, "%s: %s", path, trace->faults[trace->fault_count - 1]);
	else if (seep_recovery_begun(path))
		status = seep_command_fail(command,
			"%s has no end: its collector was killed before it had recorded anything, or what it left was "
			"removed",
			path);
	else
		status = seep_command_fail(command,
			"%s has no end, and there is nothing beside it to finish it from: it was not recorded with "
			"--durable",
			path);
	seep_trace_free(trace);
	return removed < 0 ? seep_command_fail(command, "%s", error.text) : status;
}

static int recover(const struct seep_command *command, const char *path)
{
	int held = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int status = recover_held(command, path, held);

	if (held >= 0)
		close(held);
	return status;
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	const struct seep_option table[] = {{0}};
	int first, status = seep_options_parse(command, table, SEEP_OPERANDS_ANYWHERE, argc, argv, &first);

	if (status >= 0)
		return status;
	if (first == argc)
		return seep_command_fail(command, "no trace named. usage: seep %s %s", command->name, command->usage);
	status = 0;
	for (int i = first; i < argc; i++) {
		int one = recover(command, argv[i]);

		status = one ? one : status;
	}
	return status;
}

const struct seep_command seep_command_recover = {
	.name = "recover",
	.summary = "make one whole file of a trace whose collector was killed",
	.usage = "TRACE...",
	.help = "A trace that was recorded with --durable, and whose collector was killed, is finished from the files\n"
		"beside it (TRACE.ring, TRACE.journal, TRACE.books) by every command that reads it. This one writes\n"
		"the result in its place, and removes the other three. Of a whole trace it removes only such files.\n",
	.run = run,
};

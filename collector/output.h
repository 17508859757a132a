/* SPDX-License-Identifier: Apache-2.0
 *
 * output.h: where a trace goes.
 */
#ifndef SEEP_COLLECTOR_OUTPUT_H
#define SEEP_COLLECTOR_OUTPUT_H

#include "process.h"
#include "settings.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Makes the trace's file, which did not exist before, mode 0600, locked (flock) as long as it is open, and puts its
 * path (PATH_MAX bytes) into path. A finished trace of an earlier run, that is one last written before run_start_ns (since
 * 1970), is replaced, also the files beside it (beside.h); anything else of that name stays, and the new name gets a number: so it does where a
 * durable trace would find files in the place of those beside it. Returns the descriptor, or -1
 * with errno and a message. */
int seep_output_create(const struct seep_settings *settings, const struct seep_process *process, uint64_t run_start_ns,
	char *path, char *message, size_t message_size);

/* Makes a file that is not there yet, mode 0600, locked against other collectors. Folders that are reached by links of other users are
 * refused. Returns its descriptor, or -1 with errno. */
int seep_output_exclusive(const char *path);

/* The same, with its first bytes: where the file system can do that, there is no moment at which it is there without. */
int seep_output_exclusive_with(const char *path, const void *start, size_t bytes);

/* Removes the file at path if it is the one that is open here: somebody may have moved it, and put something else there. */
void seep_output_remove(const char *path, int fd);

/* Puts the file at new_path in the place of the one that is open here, or that was. Returns 0, or -1 with errno (EEXIST: there is something
 * else at path). */
int seep_output_replace(const char *path, int fd, const char *new_path);

#endif

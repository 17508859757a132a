/* SPDX-License-Identifier: Apache-2.0
 *
 * launcher.h: starts a command with libseep.so in it and a collector beside it, and waits for both. Used by `seep run` (and
 * whatever else records a command). One at a time in a process; single-threaded.
 */
#ifndef SEEP_LAUNCHER_H
#define SEEP_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

/* What became of one process that was recorded. */
struct seep_session {
	pid_t pid;
	char *trace; /* path; NULL: failed before it had one */
	char *failure; /* what went wrong, for people; NULL: nothing */
	bool finished;
};

struct seep_launcher;

/* "NAME=value" settings for the collector, ended by NULL, are added to its environment only. Starts the collector. */
int seep_launcher_open(struct seep_launcher **result, const char *const *settings, struct seep_error *error);

/* Starts the command. argv ends with NULL. path: the file to execute. Returns 0, or an errno of exec's with a sentence. */
int seep_launcher_start(struct seep_launcher *launcher, const char *path, char **argv, struct seep_error *error);

/* Waits until the command has ended and the traces of all processes that ended with it are whole. Returns the command's exit
 * status as a shell has it: 128 + N for signal N. */
int seep_launcher_wait(struct seep_launcher *launcher);

pid_t seep_launcher_pid(const struct seep_launcher *launcher);
size_t seep_launcher_sessions(const struct seep_launcher *launcher, const struct seep_session **sessions);
/* How many programs were not recorded because --only names others, and the first one's path (NULL: none). */
size_t seep_launcher_skipped(const struct seep_launcher *launcher, const char **first);

void seep_launcher_close(struct seep_launcher *launcher);

#endif

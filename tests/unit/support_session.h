/* SPDX-License-Identifier: Apache-2.0
 *
 * support_session.h: forks a program that plays the shim, and its collector, in unit tests.
 */
#ifndef SEEP_TESTS_SUPPORT_SESSION_H
#define SEEP_TESTS_SUPPORT_SESSION_H

#include "session.h"
#include "support_trace.h"

#include "seep/wire.h"

#include <sys/types.h>

#define RECORDING_PATIENCE_MS 20000 /* for whatever must happen at all */

/* The present test's. */
struct recording {
	char directory[64]; /* of the traces */
	pid_t traced;
	pid_t collector;
	int launcher; /* our end */
	char path[4096]; /* the rest of the line that was expected last: a trace's path or a message */
};

extern struct recording recording;

/* What the program does with its connection to the collector; returns its exit status. */
typedef int recording_program(int connection);

/* A test's setup and teardown. */
int recording_directory_make(void **state);
int recording_directory_remove(void **state);

/* Settings that write into the directory. */
struct seep_settings recording_settings(void);

/* Starts a program and its collector. */
void recording_start(recording_program *run, const struct seep_settings *settings, const char *settings_fault);

/* For the program: says hello and maps the region, or exits with 99. */
struct seep_wire_region *recording_hello(int connection);

/* The next line for the launcher; "" once nobody is left who could say one. */
const char *recording_line(void);

/* Takes a line, which must be about this process. */
void recording_expect(const char *verb, pid_t pid);

/* Waits for the end of the recording as `seep run` does: the program stays a zombie until then. */
struct trace_file *recording_finish(void);

/* Waits for a child and returns its status. */
int recording_reap(pid_t pid);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * process.h: the traced process as the system sees it: who it is, whether it still is, and how it ended.
 */
#ifndef SEEP_COLLECTOR_PROCESS_H
#define SEEP_COLLECTOR_PROCESS_H

#include "seep/trace.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seep_process {
	pid_t pid; /* in the collector's pid namespace */
	pid_t ppid;
	int pidfd;
	int stat_fd; /* /proc/PID/stat */
	int memory_fd; /* something in /proc/PID that can be read as long as the present memory map exists; -1: not known */
	uint64_t start_realtime_ns; /* when the process began, since 1970; 0: not known */
	char executable[PATH_MAX]; /* its path, or its bare name where we may not know more */
	char directory[PATH_MAX];
	char *arguments; /* argc NUL-terminated strings */
	size_t arguments_bytes;
	uint32_t argc;
};

/* Takes what /proc tells about a process. Returns 0, or -1 with errno and a message. */
int seep_process_open(struct seep_process *p, pid_t pid, char *message, size_t message_size);
void seep_process_close(struct seep_process *p);

/* Whether it has ended (it may still be a zombie). */
bool seep_process_ended(const struct seep_process *p);

/* Whether it has replaced itself by another program since it was opened. */
bool seep_process_executed(const struct seep_process *p);

/* How it ended: fills how, exit_status and signal. Before anything else could be found out, exit_called and exit_status say
 * what the program itself announced. */
void seep_process_outcome(const struct seep_process *p, bool exit_called, int exit_status, struct seep_trace_end *end);

/* Resident memory in bytes; 0: not known. */
uint64_t seep_process_rss(const struct seep_process *p);

/* The executable's name without its folder, fit for a file name; size at least 2. */
void seep_process_name(const struct seep_process *p, char *name, size_t size);

#endif

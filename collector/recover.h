/* SPDX-License-Identifier: Apache-2.0
 *
 * recover.h: makes a whole trace of what a collector that was killed has left (durable.h). Reads the four files only.
 */
#ifndef SEEP_COLLECTOR_RECOVER_H
#define SEEP_COLLECTOR_RECOVER_H

#include <stddef.h>

/* Descriptors to read from, and `out`, an empty file, to read from and write to. */
struct seep_recover_files {
	int trace;
	int ring;
	int journal;
	int books;
	int out;
};

/* All stay open. Whatever is in the files, it comes to an end. Returns 0, or -1
 * with what went wrong in message. */
int seep_recover(const struct seep_recover_files *files, char *message, size_t message_size);

/* The same with the files of the trace of this name. Limits the processor time of this process (RLIMIT_CPU). */
int seep_recover_trace(const char *trace, int out, char *message, size_t message_size);

#endif

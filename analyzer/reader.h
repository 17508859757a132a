/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.h: reads a whole trace into the model. The only part of the analyzer, with frames.c, that knows how a trace is laid
 * out on disk. For one thread at a time.
 *
 * The file is untrusted: every length and index is checked; what is wrong becomes a sentence in the trace's faults, and the
 * rest is still used. Time and memory are bounded in proportion to the file.
 */
#ifndef SEEP_READER_H
#define SEEP_READER_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "model.h"
#include "progress.h"

/* Reads a file; one that is still being written is read as far as it goes, and one whose process has just ended is given a moment to be finished. `progress`
 * may be NULL. Returns 0, or -1 if it is no trace or can't be read at all. */
int seep_trace_read(
	struct seep_trace **trace, const char *path, const struct seep_progress *progress, struct seep_error *error);

/* The same from memory, which must stay as it is until seep_trace_free. */
int seep_trace_read_memory(
	struct seep_trace **trace, const char *name, const void *bytes, size_t count, struct seep_error *error);

void seep_trace_free(struct seep_trace *trace);

#endif

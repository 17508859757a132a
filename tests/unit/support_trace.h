/* SPDX-License-Identifier: Apache-2.0
 *
 * support_trace.h: reads a trace in unit tests of the collector, with zstd and xxhash directly and no code of the analyzer.
 */
#ifndef SEEP_TESTS_SUPPORT_TRACE_H
#define SEEP_TESTS_SUPPORT_TRACE_H

#include "seep/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_ITEMS 4096u /* of each kind; a test that needs more than these must count otherwise */

/* An entry of the LIVE frames. */
struct trace_cohort {
	uint64_t count;
	uint64_t bytes; /* of each block */
	uint32_t stack;
	uint32_t tag;
	uint32_t birth;
};

struct trace_text_note {
	struct seep_trace_note note;
	char text[300];
};

struct trace_file {
	struct seep_trace_process process;
	char strings[4096]; /* that follow it */
	struct seep_trace_module modules[TRACE_ITEMS];
	char paths[TRACE_ITEMS][64];
	uint32_t modules_used;
	struct seep_trace_node nodes[TRACE_ITEMS]; /* [0] is node 1 */
	uint32_t nodes_used;
	struct seep_trace_epoch epochs[TRACE_ITEMS];
	uint32_t epochs_used;
	struct trace_cohort cohorts[TRACE_ITEMS];
	uint64_t cohorts_used; /* may be more than TRACE_ITEMS, which are kept */
	struct seep_trace_count live; /* all of them together */
	struct trace_text_note notes[TRACE_ITEMS];
	uint32_t notes_used;
	struct seep_trace_count allocated; /* summed up over all epochs and sites */
	struct seep_trace_count freed;
	struct seep_trace_count freed_by_class[SEEP_AGE_CLASSES];
	struct seep_trace_end end;
	bool complete; /* there is an END */
};

/* A frame's payload from its stored bytes, decompressed and unpacked; fails the test where that can't be. The caller frees it. */
void *trace_payload(const struct seep_trace_frame *frame, const void *stored, size_t *payload_bytes);

/* Reads a trace and fails the test where it is not whole and consistent: frames, checksums, sequence, order of what is sorted,
 * references to what has been defined; sums over epochs, LIVE frames and END agree. The caller frees it. */
struct trace_file *trace_read(const char *path);

/* The first note of this kind, or NULL. */
const struct trace_text_note *trace_note(const struct trace_file *t, uint32_t code);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * support_recording.h: makes traces of processes that never were. A test says what the process allocates and frees and how time
 * passes; the books are kept here in the plainest way and written through collector/writer.h. So what the analyzer has to
 * find in such a trace is known by construction. Every failure fails the test.
 */
#ifndef SEEP_TESTS_SUPPORT_RECORDING_H
#define SEEP_TESTS_SUPPORT_RECORDING_H

#include "seep/trace.h"

#include <stddef.h>
#include <stdint.h>

#define RECORDING_SECOND UINT64_C(1000000000)

struct recording;

struct recording_setup {
	uint32_t pid;
	const char *executable;
	const char *const *arguments; /* ends with NULL; NULL: none */
	uint64_t sample_bytes;
	uint32_t forked;
	uint32_t on_full;
};

/* A return address in a module (0: none), or one of the marks SEEP_MODULE_TRUNCATED and SEEP_MODULE_LOST. */
struct recording_frame {
	uint32_t module;
	uint64_t address;
};

/* Writes file header and process into a new file at `path`, or with NULL into memory. */
struct recording *recording_create(const char *path, const struct recording_setup *setup);

/* Numbers are 1, 2, ...; build_id NULL: none, otherwise 20 bytes. */
uint32_t recording_module(
	struct recording *r, const char *path, uint64_t start, uint64_t end, uint64_t bias, const uint8_t *build_id);
uint32_t recording_tag(struct recording *r, const char *text);
void recording_note(struct recording *r, uint32_t code, uint64_t value, const char *text);

/* The stack of some frames, leaf first. The same frames give the same stack. */
uint32_t recording_stack(struct recording *r, const struct recording_frame *frames, size_t count);

/* A block, now. Returns its handle. */
size_t recording_allocate(struct recording *r, uint32_t stack, uint32_t tag, uint64_t bytes);
void recording_free(struct recording *r, size_t block);

/* Time passes, and an epoch ends. */
void recording_pass(struct recording *r, uint64_t ns);

/* Adds to what the next epoch says of the whole process. */
void recording_drop(struct recording *r, uint64_t events);
void recording_unknown_free(struct recording *r);

/* Writes the live blocks and the end. What `extra` (NULL: nothing) holds is added to the figures of the end. */
void recording_end(struct recording *r, enum seep_end_how how, int32_t exit_status, uint32_t signal,
	const struct seep_trace_end *extra);

/* Any frame at all, as it is. */
void recording_frame(struct recording *r, uint32_t kind, uint32_t entries, const void *raw, size_t raw_bytes);

/* All that has been written so far, in memory that the caller frees. */
uint8_t *recording_bytes(const struct recording *r, size_t *count);

/* Offset behind the last whole frame. */
uint64_t recording_offset(const struct recording *r);

void recording_close(struct recording *r);

#endif

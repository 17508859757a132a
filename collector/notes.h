/* SPDX-License-Identifier: Apache-2.0
 *
 * notes.h: what happened besides allocations, gathered between epochs and written with them. All of it is bounded: a
 * program can set marks as fast as it can call, and a broken region can be at fault in every record.
 */
#ifndef SEEP_COLLECTOR_NOTES_H
#define SEEP_COLLECTOR_NOTES_H

#include "writer.h"

#include "seep/trace.h"

#include <stddef.h>
#include <stdint.h>

#define SEEP_NOTES_MAX 100000u /* in a trace */
#define SEEP_NOTES_FAULTS_MAX 100u /* of them faults */

struct seep_notes {
	uint8_t *bytes; /* as they will be in the frame */
	size_t bytes_used;
	size_t bytes_size;
	uint32_t entries; /* in bytes */
	uint32_t total;
	uint32_t faults;
	uint64_t lost; /* over the limits */
};

void seep_notes_close(struct seep_notes *n);

/* text may be NULL. */
void seep_notes_add(struct seep_notes *n, uint64_t time_ns, enum seep_note_code code, uint64_t value, const char *text,
	size_t text_bytes);

/* Something went wrong in the recording; for people. */
void seep_notes_fault(struct seep_notes *n, uint64_t time_ns, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes what was gathered, if anything. Returns 0, or -1 with errno. */
int seep_notes_write(struct seep_notes *n, struct seep_writer *writer);

#endif

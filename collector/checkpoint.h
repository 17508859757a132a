/* SPDX-License-Identifier: Apache-2.0
 *
 * checkpoint.h: all that a collector knows at one moment, between two rounds, in a file: enough to go on from there (recover.c). What is
 * a table in memory is a list of records there, put back one by one: so a file that lies can't break the tables, and their sizes
 * are bounded by the file's.
 *
 * Words are the machine's own: the file is read on the machine that wrote it, by the same version.
 */
#ifndef SEEP_COLLECTOR_CHECKPOINT_H
#define SEEP_COLLECTOR_CHECKPOINT_H

#include "recording.h"

#include <stddef.h>
#include <stdint.h>

/* What tells which other files belong to it. */
struct seep_checkpoint_names {
	uint32_t generation;
	uint64_t trace_checksum; /* of the trace's first frame */
	struct seep_writer_place place; /* where the trace goes on */
	uint32_t modules_max; /* of the region */
	uint32_t nodes_max;
	uint32_t segments_max;
};

/* Writes r's state into fd, an empty file. Returns 0 with the file's size, or -1 with errno. */
int seep_checkpoint_write(
	const struct seep_recording *r, const struct seep_checkpoint_names *names, int fd, uint64_t *bytes);

/* Reads what the checkpoint in a file is called. Returns 0, or -1 with a message. */
int seep_checkpoint_names_read(int fd, struct seep_checkpoint_names *names, char *message, size_t message_size);

/* Reads the rest into a new recording, whose region is there. Returns 0, or -1 with a message; r is to be freed then. */
int seep_checkpoint_read(struct seep_recording *r, int fd, char *message, size_t message_size);

#endif

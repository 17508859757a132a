/* SPDX-License-Identifier: Apache-2.0
 *
 * frames.h: takes a trace file (include/seep/trace.h) apart into whole, checked, decompressed frames. Knows nothing of what is
 * in them; reader.c does. For one thread at a time.
 *
 * The file is untrusted. A frame that is cut off or damaged is not given out; the search goes on behind it for the
 * next whole frame, and what was left out is described in seep_frames_health. The file is read with pread(), not
 * mapped: a file that is truncated meanwhile, or a failing disk, is then an error and not a SIGBUS.
 */
#ifndef SEEP_FRAMES_H
#define SEEP_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct seep_frames;

struct seep_payload {
	uint32_t kind; /* enum seep_frame_kind, or one that a later version knows */
	uint32_t sequence;
	uint32_t entries; /* as the frame claims; to be checked against raw_bytes */
	uint32_t raw_bytes;
	uint32_t stored_bytes; /* compressed, without the frame's head */
	uint64_t offset; /* of the frame's head in the file */
	const uint8_t
		*raw; /* decompressed; aligned for any integer; valid until the next call on the same seep_frames */
};

struct seep_health {
	uint64_t lost_frames; /* missing in the sequence */
	uint64_t skipped_bytes; /* that belong to no whole frame */
	uint64_t torn_at; /* offset from which on nothing could be used; UINT64_MAX: the file ends with a whole frame */
	uint64_t damaged_at; /* offset of the first damage that is followed by whole frames; UINT64_MAX: none */
	char damage[160]; /* what was expected at the first of these offsets */
};

/* Opens a regular file, or (name is for messages) bytes that must stay as they are until the close. Checks the file header. */
int seep_frames_open(struct seep_frames **frames, const char *path, struct seep_error *error);
int seep_frames_open_memory(
	struct seep_frames **frames, const char *name, const void *bytes, size_t count, struct seep_error *error);

/* The next whole frame. Returns 1, 0 at the end of the file, -1 on a read error or without memory. */
int seep_frames_next(struct seep_frames *frames, struct seep_payload *payload, struct seep_error *error);

/* Once more the frame at an offset that seep_frames_next gave out; does not move the position of seep_frames_next. Returns 0 or -1. */
int seep_frames_again(
	struct seep_frames *frames, uint64_t offset, struct seep_payload *payload, struct seep_error *error);

/* Whether the collector held its lock on the file when it was opened: then more may come. */
bool seep_frames_being_written(const struct seep_frames *frames);

uint64_t seep_frames_bytes(const struct seep_frames *frames); /* the file's size when it was opened */
uint32_t seep_frames_version(const struct seep_frames *frames);
const struct seep_health *seep_frames_health(const struct seep_frames *frames); /* of what was read so far */
void seep_frames_close(struct seep_frames *frames);

#endif

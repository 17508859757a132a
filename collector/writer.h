/* SPDX-License-Identifier: Apache-2.0
 *
 * writer.h: puts frames (include/seep/trace.h) into a trace file. Knows nothing of what is in them. One thread at a time.
 */
#ifndef SEEP_COLLECTOR_WRITER_H
#define SEEP_COLLECTOR_WRITER_H

#include "seep/trace.h"

#include <stddef.h>
#include <stdint.h>

struct seep_writer;

/* Takes fd, which must stand at the start of an empty file, and writes the file header. Returns 0, or -1 with what
 * went wrong in message; fd is then closed too. */
int seep_writer_open(struct seep_writer **w, int fd, char *message, size_t message_size);

/* Packs and compresses a payload (packed at most SEEP_FRAME_RAW_MAX bytes), adds the checksum and appends the frame whole. kind is an enum
 * seep_frame_kind. Returns 0, or -1 with errno. The first failure is final: every later call fails with the same errno and
 * writes nothing, and what the failed call left behind is cut off where the file allows it. */
int seep_writer_frame(
	struct seep_writer *w, uint32_t kind, uint32_t entries, const void *payload, size_t payload_bytes);

/* The errno of the first failure; 0: there was none. */
int seep_writer_error(const struct seep_writer *w);

/* Bytes written so far: the file's size up to and including the last whole frame. */
uint64_t seep_writer_offset(const struct seep_writer *w);

/* Where the writer stands, to go back there. */
struct seep_writer_place {
	uint64_t offset;
	uint32_t sequence;
};

/* Takes fd, which must stand at that place, the end of a trace that another writer has begun. Returns as seep_writer_open. */
int seep_writer_resume(
	struct seep_writer **w, int fd, const struct seep_writer_place *place, char *message, size_t message_size);

struct seep_writer_place seep_writer_place(const struct seep_writer *w);

/* Takes back every frame since then. Returns 0, or -1 with errno as seep_writer_frame does. */
int seep_writer_return(struct seep_writer *w, const struct seep_writer_place *place);

/* Copies the head of the frame at an offset, of those that were written. Returns 0, or -1 with errno (EIO: it is not there any more). */
int seep_writer_frame_at(const struct seep_writer *w, uint64_t offset, struct seep_trace_frame *frame);

/* Appends a frame that another writer has written at an offset. Returns as seep_writer_frame. */
int seep_writer_copy(struct seep_writer *w, const struct seep_writer *from, uint64_t offset);

/* Of the file, which stays the writer's. */
int seep_writer_fd(const struct seep_writer *w);

/* Closes the file and frees w; NULL is allowed. */
void seep_writer_close(struct seep_writer *w);

#endif

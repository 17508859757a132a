/* SPDX-License-Identifier: Apache-2.0
 *
 * writer.c: frames into a trace file. Called by the session (collector/session.c) and by the analyzer's tests. One
 * thread; no signals.
 */
#include "writer.h"

#include "pack.h"

#include "seep/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#define COMPRESSION_LEVEL 3

struct seep_writer {
	int fd;
	int failed; /* errno of the first failure, or 0 */
	uint32_t sequence;
	uint64_t offset;
	ZSTD_CCtx *compressor;
	XXH64_state_t *checksum;
	struct seep_packer packer;
	uint8_t *buffer; /* a frame as it goes to disk: its head, then its data */
	size_t buffer_size;
};

static int fail(struct seep_writer *w, int error)
{
	w->failed = error;
	errno = error;
	return -1;
}

static int append(struct seep_writer *w, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	size_t left = size;

	while (left > 0) {
		ssize_t done = write(w->fd, at, left);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			int error = done < 0 ? errno : EIO;

			/* A reader copes with a torn tail; without one it has nothing to report. */
			if (ftruncate(w->fd, (off_t)w->offset) == 0)
				(void)lseek(w->fd, (off_t)w->offset, SEEK_SET);
			return fail(w, error);
		}
		at += done;
		left -= (size_t)done;
	}
	w->offset += size;
	return 0;
}

static bool buffer_reserve(struct seep_writer *w, size_t size)
{
	if (size > w->buffer_size) {
		uint8_t *larger = realloc(w->buffer, size);

		if (!larger)
			return false;
		w->buffer = larger;
		w->buffer_size = size;
	}
	return true;
}

/* Takes fd. NULL with a message. */
static struct seep_writer *create(int fd, char *message, size_t message_size)
{
	struct seep_writer *new = calloc(1, sizeof(*new));

	if (new) {
		new->fd = fd;
		new->compressor = ZSTD_createCCtx();
		new->checksum = XXH64_createState();
	}
	if (!new || !new->compressor || !new->checksum) {
		snprintf(message, message_size, "out of memory for the trace's writer");
		if (new)
			seep_writer_close(new);
		else
			close(fd);
		return NULL;
	}
	ZSTD_CCtx_setParameter(new->compressor, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	return new;
}

int seep_writer_open(struct seep_writer **w, int fd, char *message, size_t message_size)
{
	struct seep_trace_header header = {.version = SEEP_TRACE_VERSION};
	struct seep_writer *new = create(fd, message, message_size);

	*w = NULL;
	if (!new)
		return -1;
	memcpy(header.magic, SEEP_TRACE_MAGIC, sizeof(header.magic));
	if (append(new, &header, sizeof(header)) < 0) {
		snprintf(message, message_size, "cannot write the trace: %s", strerror(errno));
		seep_writer_close(new);
		return -1;
	}
	*w = new;
	return 0;
}

int seep_writer_resume(
	struct seep_writer **w, int fd, const struct seep_writer_place *place, char *message, size_t message_size)
{
	*w = create(fd, message, message_size);
	if (!*w)
		return -1;
	(*w)->offset = place->offset;
	(*w)->sequence = place->sequence;
	return 0;
}

static uint64_t frame_checksum(const struct seep_writer *w, const struct seep_trace_frame *frame, const void *stored)
{
	XXH64_reset(w->checksum, 0);
	XXH64_update(w->checksum, frame, offsetof(struct seep_trace_frame, checksum));
	XXH64_update(w->checksum, stored, frame->stored_bytes);
	return XXH64_digest(w->checksum);
}

/* Its data stand in the buffer already. */
static int frame_append(struct seep_writer *w, struct seep_trace_frame *frame)
{
	frame->checksum = frame_checksum(w, frame, w->buffer + sizeof(*frame));
	memcpy(w->buffer, frame, sizeof(*frame));
	if (append(w, w->buffer, sizeof(*frame) + frame->stored_bytes) < 0)
		return -1;
	w->sequence++;
	return 0;
}

int seep_writer_frame(struct seep_writer *w, uint32_t kind, uint32_t entries, const void *payload, size_t payload_bytes)
{
	struct seep_trace_frame frame = {
		.magic = SEEP_FRAME_MAGIC, .kind = kind, .sequence = w->sequence, .entries = entries};
	const void *raw;
	size_t raw_bytes, stored;

	if (w->failed)
		return fail(w, w->failed);
	if (seep_pack(&w->packer, kind, entries, payload, payload_bytes, &raw, &raw_bytes) < 0)
		return fail(w, errno);
	frame.raw_bytes = (uint32_t)raw_bytes;
	if (raw_bytes > SEEP_FRAME_RAW_MAX)
		return fail(w, EMSGSIZE);
	if (!buffer_reserve(w, sizeof(frame) + ZSTD_compressBound(raw_bytes)))
		return fail(w, ENOMEM);
	stored = ZSTD_compress2(
		w->compressor, w->buffer + sizeof(frame), w->buffer_size - sizeof(frame), raw, raw_bytes);
	if (ZSTD_isError(stored))
		return fail(w, ENOMEM); /* the only cause left, with a buffer of the full bound */
	frame.stored_bytes = (uint32_t)stored;
	return frame_append(w, &frame);
}

int seep_writer_error(const struct seep_writer *w)
{
	return w->failed;
}

struct seep_writer_place seep_writer_place(const struct seep_writer *w)
{
	return (struct seep_writer_place){w->offset, w->sequence};
}

int seep_writer_return(struct seep_writer *w, const struct seep_writer_place *place)
{
	if (w->failed)
		return fail(w, w->failed);
	if (ftruncate(w->fd, (off_t)place->offset) < 0 || lseek(w->fd, (off_t)place->offset, SEEK_SET) < 0)
		return fail(w, errno);
	w->offset = place->offset;
	w->sequence = place->sequence;
	return 0;
}

int seep_writer_frame_at(const struct seep_writer *w, uint64_t offset, struct seep_trace_frame *frame)
{
	if (pread(w->fd, frame, sizeof(*frame), (off_t)offset) == sizeof(*frame) && frame->magic == SEEP_FRAME_MAGIC &&
		offset + sizeof(*frame) + frame->stored_bytes <= w->offset)
		return 0;
	errno = EIO;
	return -1;
}

int seep_writer_copy(struct seep_writer *w, const struct seep_writer *from, uint64_t offset)
{
	struct seep_trace_frame frame;

	if (w->failed)
		return fail(w, w->failed);
	if (seep_writer_frame_at(from, offset, &frame) < 0)
		return fail(w, errno);
	if (!buffer_reserve(w, sizeof(frame) + frame.stored_bytes))
		return fail(w, ENOMEM);
	if (pread(from->fd, w->buffer + sizeof(frame), frame.stored_bytes, (off_t)(offset + sizeof(frame))) !=
		(ssize_t)frame.stored_bytes)
		return fail(w, EIO);
	if (frame_checksum(w, &frame, w->buffer + sizeof(frame)) != frame.checksum)
		return fail(w, EIO);
	frame.sequence = w->sequence;
	return frame_append(w, &frame);
}

int seep_writer_fd(const struct seep_writer *w)
{
	return w->fd;
}

uint64_t seep_writer_offset(const struct seep_writer *w)
{
	return w->offset;
}

void seep_writer_close(struct seep_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->compressor);
	XXH64_freeState(w->checksum);
	seep_packer_close(&w->packer);
	free(w->buffer);
	close(w->fd);
	free(w);
}

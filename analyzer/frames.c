/* SPDX-License-Identifier: Apache-2.0
 *
 * frames.c: from bytes to whole frames. reader.c walks through them once; history.c asks for some of them again.
 *
 * Bounds, for files made to hurt: a frame's buffers are at most SEEP_FRAME_RAW_MAX, all frames together may unpack to
 * RAW_FREE bytes and RAW_RATIO times the file's size, and the search behind damage may checksum SEARCH_RATIO times the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include "frames.h"
#include "seep/trace.h"
#include "unpack.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the trace's integers are read as they are");

#define WINDOW_BYTES ((size_t)256 * 1024)
#define RAW_FREE ((uint64_t)128 << 20)
#define RAW_RATIO 4096u /* traces of programs with many stacks reach some 500 */
#define SEARCH_FREE ((uint64_t)64 << 20)
#define SEARCH_RATIO 2u
#define CHECKSUMMED_HEAD 24u
#define NOWHERE UINT64_MAX

struct seep_frames {
	char *name;
	int fd; /* -1: in memory */
	bool being_written;
	uint32_t version;
	uint64_t bytes;
	uint64_t offset; /* of the next frame */
	uint64_t next_sequence;
	uint64_t raw_total;
	uint64_t searched_bytes;
	const uint8_t *window; /* bytes [window_start, window_start + window_bytes) of the file */
	uint64_t window_start;
	size_t window_bytes;
	uint8_t *window_buffer;
	size_t window_capacity;
	uint8_t *raw; /* a decompressed frame */
	size_t raw_capacity;
	uint8_t *unpacked; /* its payload, if that was packed */
	size_t unpacked_capacity;
	const uint8_t *payload; /* one of the two */
	uint32_t payload_bytes;
	ZSTD_DCtx *zstd;
	XXH64_state_t *hash;
	struct seep_health health;
};

/* Bytes of the file, which the caller has checked to be within it. They stay until the next fetch. NULL with *error set. */
static const uint8_t *fetch(struct seep_frames *f, uint64_t offset, size_t count, struct seep_error *error)
{
	size_t wanted, have = 0;

	if (offset >= f->window_start && offset + count <= f->window_start + f->window_bytes)
		return f->window + (offset - f->window_start);
	wanted = count > WINDOW_BYTES ? count : WINDOW_BYTES;
	if (wanted > f->bytes - offset)
		wanted = (size_t)(f->bytes - offset);
	if (wanted > f->window_capacity) {
		free(f->window_buffer);
		f->window_buffer = malloc(wanted);
		f->window_capacity = f->window_buffer ? wanted : 0;
	}
	f->window = f->window_buffer;
	f->window_start = offset;
	f->window_bytes = 0;
	if (!f->window) {
		seep_error_set(error, "%s: out of memory for %zu bytes", f->name, wanted);
		return NULL;
	}
	while (have < wanted) {
		ssize_t got = pread(f->fd, f->window_buffer + have, wanted - have, (off_t)(offset + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			seep_error_set(error, "%s: can not read at offset %" PRIu64 ": %s", f->name, offset + have,
				got < 0 ? strerror(errno) : "the file has become shorter meanwhile");
			return NULL;
		}
		have += (size_t)got;
	}
	f->window_bytes = have;
	return f->window;
}

/* Why no frame of the trace can begin at an offset, as far as its head tells; NULL: it may. */
static const char *head_fault(
	const struct seep_frames *f, uint64_t offset, uint64_t sequence, const struct seep_trace_frame *head)
{
	if (head->magic != SEEP_FRAME_MAGIC)
		return "the mark of a frame (\"fram\")";
	if (head->raw_bytes > SEEP_FRAME_RAW_MAX || head->stored_bytes > ZSTD_COMPRESSBOUND(SEEP_FRAME_RAW_MAX))
		return "a frame of at most 16 MiB";
	if (head->stored_bytes > f->bytes - offset - sizeof(*head))
		return "the rest of a frame, but the file ends first";
	if (head->sequence < sequence)
		return "a frame that continues the sequence";
	return NULL;
}

/* Looks at the frame at an offset, whose sequence must be at least the given one. Returns 1 with *head and *stored set, 0 with *expected set where there is no whole one, or -1. */
static int frame_at(struct seep_frames *f, uint64_t offset, uint64_t sequence, struct seep_trace_frame *head,
	const uint8_t **stored, const char **expected, struct seep_error *error)
{
	const uint8_t *bytes;

	*expected = "the head of a frame, but the file ends first";
	if (f->bytes - offset < sizeof(*head))
		return 0;
	bytes = fetch(f, offset, sizeof(*head), error);
	if (!bytes)
		return -1;
	memcpy(head, bytes, sizeof(*head));
	*expected = head_fault(f, offset, sequence, head);
	if (*expected)
		return 0;
	bytes = fetch(f, offset, sizeof(*head) + head->stored_bytes, error);
	if (!bytes)
		return -1;
	*stored = bytes + sizeof(*head);
	XXH64_reset(f->hash, 0);
	XXH64_update(f->hash, bytes, CHECKSUMMED_HEAD);
	XXH64_update(f->hash, *stored, head->stored_bytes);
	*expected = "a frame that matches its checksum";
	return XXH64_digest(f->hash) == head->checksum;
}

static bool room_for(uint8_t **buffer, size_t *capacity, size_t bytes)
{
	if (bytes > *capacity) {
		size_t room = bytes > WINDOW_BYTES ? bytes : WINDOW_BYTES;

		free(*buffer);
		*buffer = malloc(room);
		*capacity = *buffer ? room : 0;
	}
	return *buffer || !bytes;
}

static int no_memory(const struct seep_frames *f, size_t bytes, struct seep_error *error)
{
	return seep_error_set(error, "%s: out of memory for a frame of %zu bytes", f->name, bytes);
}

/* Decompresses a frame that frame_at found whole, and unpacks its payload. Returns 1, 0 where it doesn't hold what its head
 * says, -1 without memory. */
static int unpack(struct seep_frames *f, const struct seep_trace_frame *head, const uint8_t *stored,
	const char **expected, struct seep_error *error)
{
	size_t bytes;
	int whole;

	if (!f->zstd)
		f->zstd = ZSTD_createDCtx();
	if (!f->zstd || !room_for(&f->raw, &f->raw_capacity, head->raw_bytes))
		return no_memory(f, head->raw_bytes, error);
	*expected = "a frame that unpacks to the size in its head";
	if (ZSTD_decompressDCtx(f->zstd, f->raw, head->raw_bytes, stored, head->stored_bytes) != head->raw_bytes)
		return 0;
	f->payload = f->raw;
	f->payload_bytes = head->raw_bytes;
	if (!seep_is_packed(f->version, head->kind))
		return 1;
	*expected = "a frame whose columns have the sizes in its head";
	bytes = seep_unpacked_bytes(head->kind, head->entries, f->raw, head->raw_bytes);
	if (bytes == SIZE_MAX)
		return 0;
	if (!room_for(&f->unpacked, &f->unpacked_capacity, bytes))
		return no_memory(f, bytes, error);
	whole = seep_unpack(head->kind, head->entries, f->raw, head->raw_bytes, f->unpacked);
	f->payload = f->unpacked;
	f->payload_bytes = (uint32_t)bytes;
	return whole < 0 ? no_memory(f, bytes, error) : whole;
}

static void damage(struct seep_frames *f, uint64_t offset, const char *expected, bool to_the_end)
{
	if (f->health.damaged_at == NOWHERE && f->health.torn_at == NOWHERE)
		snprintf(f->health.damage, sizeof(f->health.damage), "%s", expected);
	if (to_the_end)
		f->health.torn_at = offset;
	else if (f->health.damaged_at == NOWHERE)
		f->health.damaged_at = offset;
}

/* The next offset from `offset` on where a frame that continues the sequence stands whole; *found is NOWHERE if there is none. */
static int search(struct seep_frames *f, uint64_t offset, uint64_t *found, struct seep_error *error)
{
	static const uint8_t magic[4] = {SEEP_FRAME_MAGIC & 0xff, SEEP_FRAME_MAGIC >> 8 & 0xff,
		SEEP_FRAME_MAGIC >> 16 & 0xff, SEEP_FRAME_MAGIC >> 24};
	struct seep_trace_frame head;
	const uint8_t *bytes, *hit;
	const char *expected;
	int whole;

	*found = NOWHERE;
	while (f->bytes - offset >= sizeof(head)) {
		size_t span = f->bytes - offset < WINDOW_BYTES ? (size_t)(f->bytes - offset) : WINDOW_BYTES;

		bytes = fetch(f, offset, span, error);
		if (!bytes)
			return -1;
		hit = memmem(bytes, span, magic, sizeof(magic));
		if (!hit) {
			offset += span - (sizeof(magic) - 1);
			continue;
		}
		offset += (uint64_t)(hit - bytes);
		if (f->bytes - offset < sizeof(head))
			return 0;
		bytes = fetch(f, offset, sizeof(head), error);
		if (!bytes)
			return -1;
		memcpy(&head, bytes, sizeof(head));
		if (!head_fault(f, offset, f->next_sequence, &head)) {
			f->searched_bytes += head.stored_bytes;
			if (f->searched_bytes > SEARCH_FREE + SEARCH_RATIO * f->bytes)
				return 0;
			whole = frame_at(f, offset, f->next_sequence, &head, &bytes, &expected, error);
			if (whole < 0)
				return -1;
			if (whole) {
				*found = offset;
				return 0;
			}
		}
		offset++;
	}
	return 0;
}

static void give(struct seep_frames *f, uint64_t offset, const struct seep_trace_frame *head, struct seep_payload *p)
{
	*p = (struct seep_payload){
		.kind = head->kind,
		.sequence = head->sequence,
		.entries = head->entries,
		.raw_bytes = f->payload_bytes,
		.stored_bytes = head->stored_bytes,
		.offset = offset,
		.raw = f->payload,
	};
}

/* Steps over the damage at f->offset to the next whole frame, or to the end. */
static int step_over(struct seep_frames *f, const char *expected, struct seep_error *error)
{
	uint64_t found;

	if (search(f, f->offset + 1, &found, error) < 0)
		return -1;
	damage(f, f->offset, expected, found == NOWHERE);
	f->health.skipped_bytes += (found == NOWHERE ? f->bytes : found) - f->offset;
	f->offset = found == NOWHERE ? f->bytes : found;
	return 0;
}

int seep_frames_next(struct seep_frames *f, struct seep_payload *payload, struct seep_error *error)
{
	struct seep_trace_frame head;
	const uint8_t *stored;
	const char *expected;
	int whole;

	while (f->offset < f->bytes) {
		whole = frame_at(f, f->offset, f->next_sequence, &head, &stored, &expected, error);
		if (whole > 0) {
			f->raw_total += head.raw_bytes;
			if (f->raw_total > RAW_FREE + RAW_RATIO * f->bytes) {
				damage(f, f->offset, "frames that unpack to a size in proportion to the file", true);
				f->health.skipped_bytes += f->bytes - f->offset;
				f->offset = f->bytes;
				return 0;
			}
			whole = unpack(f, &head, stored, &expected, error);
		}
		if (whole < 0)
			return -1;
		if (!whole) {
			if (step_over(f, expected, error) < 0)
				return -1;
			continue;
		}
		f->health.lost_frames += head.sequence - f->next_sequence;
		f->next_sequence = (uint64_t)head.sequence + 1;
		give(f, f->offset, &head, payload);
		f->offset += sizeof(head) + head.stored_bytes;
		return 1;
	}
	return 0;
}

int seep_frames_again(struct seep_frames *f, uint64_t offset, struct seep_payload *payload, struct seep_error *error)
{
	struct seep_trace_frame head;
	const uint8_t *stored;
	const char *expected;
	int whole = frame_at(f, offset, 0, &head, &stored, &expected, error);

	if (whole > 0)
		whole = unpack(f, &head, stored, &expected, error);
	if (!whole)
		return seep_error_set(error,
			"%s: at offset %" PRIu64 " there was a whole frame before, and is none now", f->name, offset);
	if (whole < 0)
		return -1;
	give(f, offset, &head, payload);
	return 0;
}

static int check_header(struct seep_frames *f, struct seep_error *error)
{
	struct seep_trace_header header;
	const uint8_t *bytes;

	if (!f->bytes)
		return seep_error_set(
			error, "%s: the file is empty. If a recording has just begun, try again in a moment", f->name);
	bytes = fetch(f, 0, f->bytes < sizeof(header) ? (size_t)f->bytes : sizeof(header), error);
	if (!bytes)
		return -1;
	if (memcmp(bytes, SEEP_TRACE_MAGIC, f->bytes < 8 ? (size_t)f->bytes : 8))
		return seep_error_set(error,
			"%s: not a seep trace: it does not begin with \"seeptrc\". Traces are made by `seep run`",
			f->name);
	if (f->bytes < sizeof(header))
		return seep_error_set(error, "%s: cut off after %" PRIu64 " bytes: a trace begins with a header of %zu",
			f->name, f->bytes, sizeof(header));
	memcpy(&header, bytes, sizeof(header));
	if (header.version == 0 || header.version > SEEP_TRACE_VERSION)
		return seep_error_set(error,
			"%s: a trace of format version %u, and this seep reads versions up to %u: use a newer seep",
			f->name, header.version, SEEP_TRACE_VERSION);
	f->version = header.version;
	f->offset = sizeof(header);
	return 0;
}

static struct seep_frames *create(const char *name, struct seep_error *error)
{
	struct seep_frames *f = calloc(1, sizeof(*f));

	if (f) {
		f->fd = -1;
		f->name = strdup(name);
		f->hash = XXH64_createState();
	}
	if (!f || !f->name || !f->hash) {
		seep_frames_close(f);
		seep_error_set(error, "%s: out of memory", name);
		return NULL;
	}
	f->health.torn_at = f->health.damaged_at = NOWHERE;
	return f;
}

int seep_frames_open_memory(
	struct seep_frames **frames, const char *name, const void *bytes, size_t count, struct seep_error *error)
{
	struct seep_frames *f = create(name, error);

	*frames = NULL;
	if (!f)
		return -1;
	f->bytes = f->window_bytes = count;
	f->window = bytes;
	if (check_header(f, error) < 0) {
		seep_frames_close(f);
		return -1;
	}
	*frames = f;
	return 0;
}

/* Opens without waiting (a FIFO) and without side effects (a device), and learns whether a writer is at work. The lock is looked at
 * before the size: a file that nobody writes to any more has its final size. */
static int open_file(struct seep_frames *f, struct seep_error *error)
{
	struct stat st;

	f->fd = open(f->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd < 0)
		return seep_error_set(error, "%s: %s", f->name, strerror(errno));
	if (fstat(f->fd, &st) < 0)
		return seep_error_set(error, "%s: %s", f->name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return seep_error_set(error, "%s: %s. A trace is a regular file", f->name,
			S_ISDIR(st.st_mode) ? "this is a directory" : "this is no regular file");
	if (flock(f->fd, LOCK_SH | LOCK_NB) == 0)
		flock(f->fd, LOCK_UN);
	else
		f->being_written = errno == EWOULDBLOCK;
	if (fstat(f->fd, &st) < 0)
		return seep_error_set(error, "%s: %s", f->name, strerror(errno));
	f->bytes = (uint64_t)st.st_size;
	return 0;
}

int seep_frames_open(struct seep_frames **frames, const char *path, struct seep_error *error)
{
	struct seep_frames *f = create(path, error);

	*frames = NULL;
	if (!f)
		return -1;
	if (open_file(f, error) < 0 || check_header(f, error) < 0) {
		seep_frames_close(f);
		return -1;
	}
	*frames = f;
	return 0;
}

bool seep_frames_being_written(const struct seep_frames *f)
{
	return f->being_written;
}

uint64_t seep_frames_bytes(const struct seep_frames *f)
{
	return f->bytes;
}

uint32_t seep_frames_version(const struct seep_frames *f)
{
	return f->version;
}

const struct seep_health *seep_frames_health(const struct seep_frames *f)
{
	return &f->health;
}

void seep_frames_close(struct seep_frames *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	ZSTD_freeDCtx(f->zstd);
	XXH64_freeState(f->hash);
	free(f->window_buffer);
	free(f->raw);
	free(f->unpacked);
	free(f->name);
	free(f);
}

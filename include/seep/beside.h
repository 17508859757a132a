/* SPDX-License-Identifier: Apache-2.0
 *
 * beside.h: the files that stand beside a TRACE as long as it is recorded with --durable, and how to tell that they are its. collector/ writes
 * them and finishes a trace from them (collector/durable.h); analyzer/ only asks whether they are there, and removes them.
 */
#ifndef SEEP_BESIDE_H
#define SEEP_BESIDE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the order in which to remove them: without the books the others are nothing. */
enum seep_beside {
	SEEP_BESIDE_BOOKS,
	SEEP_BESIDE_JOURNAL,
	SEEP_BESIDE_RING,
	SEEP_BESIDE_NEW_BOOKS, /* are being written, and will take the place of the books */
	SEEP_BESIDES,
};

/* What each of them begins with, from the moment on in which it is made. */
struct seep_beside_head {
	uint8_t magic[8];
	uint8_t own[8];
	uint64_t trace_checksum; /* of the first frame of the trace */
};

#define SEEP_BOOKS_MAGIC "seepbook" /* eight bytes each, no terminating NUL */
#define SEEP_JOURNAL_MAGIC "seepjrnl"
#define SEEP_RING_MAGIC "eelwire3" /* SEEP_WIRE_MAGIC of wire.h */

#define SEEP_BESIDE_PATH (PATH_MAX + 32)

/* The name of such a file; trace may be without its folder. */
static inline void seep_beside_name(const char *trace, enum seep_beside file, char path[SEEP_BESIDE_PATH])
{
	static const char *const endings[SEEP_BESIDES] = {"books", "journal", "ring", "books.new"};

	snprintf(path, SEEP_BESIDE_PATH, "%s.%s", trace, endings[file]);
}

/* Whether there is more in it than its head. */
static inline bool seep_beside_has_more(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size > (off_t)sizeof(struct seep_beside_head);
}

static inline struct seep_beside_head seep_beside_head(enum seep_beside file, uint64_t trace_checksum)
{
	static const char *const magics[SEEP_BESIDES] = {
		SEEP_BOOKS_MAGIC, SEEP_JOURNAL_MAGIC, SEEP_RING_MAGIC, SEEP_BOOKS_MAGIC};
	struct seep_beside_head head = {.trace_checksum = trace_checksum};

	memcpy(head.magic, magics[file], sizeof(head.magic));
	return head;
}

/* Whether an open file is one of a trace's. */
static inline bool seep_beside_is(int fd, enum seep_beside file, uint64_t trace_checksum)
{
	const struct seep_beside_head wanted = seep_beside_head(file, trace_checksum);
	struct seep_beside_head head;
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && pread(fd, &head, sizeof(head), 0) == sizeof(head) &&
	       memcmp(head.magic, wanted.magic, sizeof(head.magic)) == 0 && head.trace_checksum == trace_checksum;
}

#endif

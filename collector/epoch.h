/* SPDX-License-Identifier: Apache-2.0
 *
 * epoch.h: when an epoch ends, and what is written then.
 */
#ifndef SEEP_COLLECTOR_EPOCH_H
#define SEEP_COLLECTOR_EPOCH_H

#include "books.h"
#include "trim.h"
#include "writer.h"

#include <stdbool.h>
#include <stdint.h>

/* An epoch lasts 1/48 of the trace's age, but not less than the first one did. So there are 48 of the first length, and
 * then 48 more each time that the age grows by a factor of e: some 250 after an hour, 500 after a week. */
#define SEEP_EPOCH_SHARE 48u

struct seep_epoch {
	uint64_t first_ns;
	uint32_t number;
	uint64_t start_ns;
	uint64_t dropped; /* as of its start */
	struct seep_trim *trim; /* is told of each; NULL: nobody is */
};

/* When the present epoch is to end, in nanoseconds since the start of the recording. */
uint64_t seep_epoch_end_ns(const struct seep_epoch *e);

/* Writes the epoch that ends now (books->now_ns) and begins the next. dropped is the total since the start. Returns 0, or
 * -1 with errno. */
int seep_epoch_write(struct seep_epoch *e, struct seep_books *books, uint64_t dropped, uint64_t rss_bytes,
	struct seep_writer *writer);

/* Writes the epoch as if it ended now, and lets it go on: whoever takes that back later (writer.h) has changed nothing. */
int seep_epoch_preview(const struct seep_epoch *e, struct seep_books *books, uint64_t dropped, uint64_t rss_bytes,
	struct seep_writer *writer);

/* What that takes of the file, or less. */
uint64_t seep_epoch_bytes_at_most(const struct seep_books *books);

/* Writes the frames of one epoch, whatever it is made of. `fill` gives its sites, which are sorted. Returns 0, or -1 with errno. */
int seep_epoch_frames(const struct seep_trace_epoch *head,
	void (*fill)(const void *context, uint32_t i, struct seep_trace_site *to), const void *context, uint32_t sites,
	struct seep_writer *writer);

#endif

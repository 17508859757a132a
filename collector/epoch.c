/* SPDX-License-Identifier: Apache-2.0
 *
 * epoch.c: one slice of time after the other into the trace. Called by recording.c. One thread.
 */
#include "epoch.h"

#include "seep/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SITES_A_FRAME ((SEEP_FRAME_RAW_MAX - sizeof(struct seep_trace_epoch)) / sizeof(struct seep_trace_site))

uint64_t seep_epoch_end_ns(const struct seep_epoch *e)
{
	uint64_t share = e->start_ns / SEEP_EPOCH_SHARE;

	return e->start_ns + (share > e->first_ns ? share : e->first_ns);
}

int seep_epoch_frames(const struct seep_trace_epoch *head,
	void (*fill)(const void *context, uint32_t i, struct seep_trace_site *to), const void *context, uint32_t sites,
	struct seep_writer *writer)
{
	uint32_t room = sites < SITES_A_FRAME ? sites : (uint32_t)SITES_A_FRAME, done = 0;
	uint8_t *raw = malloc(sizeof(*head) + room * sizeof(struct seep_trace_site));
	int status = 0;

	if (!raw) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(raw, head, sizeof(*head));
	do {
		struct seep_trace_site *out = (struct seep_trace_site *)(raw + sizeof(*head));
		uint32_t count = sites - done < room ? sites - done : room;

		for (uint32_t i = 0; i < count; i++)
			fill(context, done + i, &out[i]);
		status = seep_writer_frame(writer, SEEP_FRAME_EPOCH, count, raw, sizeof(*head) + count * sizeof(*out));
		done += count;
	} while (status == 0 && done < sites);
	free(raw);
	return status;
}

static void changed_put(const void *context, uint32_t i, struct seep_trace_site *to)
{
	const struct seep_sites *sites = context;
	const struct seep_site *from = seep_sites_at(sites, sites->changed[i]);

	*to = (struct seep_trace_site){.stack = from->stack,
		.tag = from->tag,
		.allocated = from->allocated,
		.live = from->live,
		.peak_bytes = from->peak_bytes};
	memcpy(to->freed, from->freed, sizeof(to->freed));
}

static int frames_write(const struct seep_epoch *e, struct seep_books *books, uint64_t dropped, uint64_t rss_bytes,
	struct seep_writer *writer, struct seep_trace_epoch *head)
{
	*head = (struct seep_trace_epoch){.number = e->number,
		.start_ns = e->start_ns,
		.end_ns = books->now_ns,
		.live_count = books->totals.live.count,
		.live_bytes = books->totals.live.bytes,
		.peak_bytes = books->epoch_peak_bytes,
		.peak_at_ns = books->epoch_peak_at_ns,
		.unknown_frees = books->epoch_unknown_frees,
		.dropped_events = dropped - e->dropped,
		.rss_bytes = rss_bytes};
	seep_sites_sort_changed(&books->sites);
	return seep_epoch_frames(head, changed_put, &books->sites, books->sites.changed_used, writer);
}

uint64_t seep_epoch_bytes_at_most(const struct seep_books *books)
{
	return sizeof(struct seep_trace_frame) + sizeof(struct seep_trace_epoch) +
	       books->sites.changed_used * (uint64_t)sizeof(struct seep_trace_site) * 129 / 128 + 1024;
}

int seep_epoch_preview(const struct seep_epoch *e, struct seep_books *books, uint64_t dropped, uint64_t rss_bytes,
	struct seep_writer *writer)
{
	struct seep_trace_epoch head;

	return frames_write(e, books, dropped, rss_bytes, writer, &head);
}

int seep_epoch_write(struct seep_epoch *e, struct seep_books *books, uint64_t dropped, uint64_t rss_bytes,
	struct seep_writer *writer)
{
	struct seep_trace_epoch head;
	uint64_t before = seep_writer_offset(writer);
	int status;

	seep_cohorts_add_epoch(&books->cohorts, (uint32_t)(e->start_ns / SEEP_WIRE_TICK_NS));
	status = frames_write(e, books, dropped, rss_bytes, writer, &head);

	if (status == 0 && e->trim)
		status = seep_trim_add(e->trim, &head, &books->sites, seep_writer_offset(writer) - before);
	seep_books_next_epoch(books);
	e->number++;
	e->start_ns = head.end_ns;
	e->dropped = dropped;
	return status;
}

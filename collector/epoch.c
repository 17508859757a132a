/* SPDX-License-Identifier: Apache-2.0
 *
 * epoch.c: one slice of time after the other into the trace. Called by session.c. One thread.
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

static void site_put(const struct seep_site *from, struct seep_trace_site *to)
{
	*to = (struct seep_trace_site){.stack = from->stack,
		.tag = from->tag,
		.allocated = from->allocated,
		.live = from->live,
		.peak_bytes = from->peak_bytes};
	memcpy(to->freed, from->freed, sizeof(to->freed));
}

static int frames_write(
	const struct seep_trace_epoch *head, struct seep_sites *sites, uint8_t *raw, struct seep_writer *writer)
{
	struct seep_trace_site *out = (struct seep_trace_site *)(raw + sizeof(*head));
	uint32_t done = 0;

	seep_sites_sort_changed(sites);
	memcpy(raw, head, sizeof(*head));
	do {
		uint32_t count = sites->changed_used - done;

		if (count > SITES_A_FRAME)
			count = SITES_A_FRAME;
		for (uint32_t i = 0; i < count; i++)
			site_put(seep_sites_at(sites, sites->changed[done + i]), &out[i]);
		if (seep_writer_frame(writer, SEEP_FRAME_EPOCH, count, raw, sizeof(*head) + count * sizeof(*out)) < 0)
			return -1;
		done += count;
	} while (done < sites->changed_used);
	return 0;
}

int seep_epoch_write(struct seep_epoch *e, struct seep_books *books, uint64_t dropped, uint64_t rss_bytes,
	struct seep_writer *writer)
{
	struct seep_trace_epoch head = {.number = e->number,
		.start_ns = e->start_ns,
		.end_ns = books->now_ns,
		.live_count = books->totals.live.count,
		.live_bytes = books->totals.live.bytes,
		.peak_bytes = books->epoch_peak_bytes,
		.peak_at_ns = books->epoch_peak_at_ns,
		.unknown_frees = books->epoch_unknown_frees,
		.dropped_events = dropped - e->dropped,
		.rss_bytes = rss_bytes};
	size_t sites = books->sites.changed_used < SITES_A_FRAME ? books->sites.changed_used : SITES_A_FRAME;
	uint8_t *raw = malloc(sizeof(head) + sites * sizeof(struct seep_trace_site));
	int status;

	if (!raw) {
		errno = ENOMEM;
		return -1;
	}
	status = frames_write(&head, &books->sites, raw, writer);
	free(raw);
	seep_books_next_epoch(books);
	e->number++;
	e->start_ns = head.end_ns;
	seep_cohorts_add_epoch(&books->cohorts, (uint32_t)(e->start_ns / SEEP_WIRE_TICK_NS));
	e->dropped = dropped;
	return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * drain.c: what the collector knows about segments. Called by start.c, recording.c, finish.c, recover.c and by the files
 * that empty them. One thread.
 */
#include "drain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void seep_drain_open(
	struct seep_drain *d, struct seep_region *region, struct seep_books *books, struct seep_notes *notes)
{
	d->region = region;
	d->books = books;
	d->notes = notes;
}

void seep_drain_close(struct seep_drain *d)
{
	for (uint32_t i = 0; i < d->segments_known; i++)
		free(d->segments[i].folds);
	free(d->segments);
	free(d->queue);
	d->segments = NULL;
	d->queue = NULL;
	d->segments_known = 0;
}

void seep_drain_learn(struct seep_drain *d)
{
	uint32_t used = seep_region_segments_used(d->region), known = d->segments_known;
	struct seep_drain_segment *larger;
	uint32_t *queue;

	if (used <= known)
		return;
	larger = reallocarray(d->segments, used, sizeof(*larger));
	if (larger)
		d->segments = larger;
	queue = reallocarray(d->queue, used, sizeof(*queue));
	if (queue)
		d->queue = queue;
	if (!larger || !queue) {
		d->failed = true;
		return;
	}
	memset(larger + known, 0, (used - known) * sizeof(*larger));
	d->segments_known = used;
}

void seep_drain_abandon(struct seep_drain *d, uint32_t number, const char *why, uint64_t value)
{
	if (d->segments[number].abandoned)
		return;
	d->segments[number].abandoned = true;
	d->dropped++;
	seep_notes_fault(d->notes, d->books->now_ns, "ring %" PRIu32 " is not read any further: %s (%#" PRIx64 ")",
		number, why, value);
}

void seep_drain_set_dropped(struct seep_drain *d, uint64_t dropped)
{
	d->dropped = dropped;
	if (dropped > d->dropped_noted)
		seep_notes_add(d->notes, d->books->now_ns, SEEP_NOTE_DROPPED, dropped - d->dropped_noted, NULL, 0);
	d->dropped_noted = dropped;
}

void seep_drain_count_dropped(struct seep_drain *d)
{
	for (uint32_t i = 0; i < d->segments_known; i++) {
		uint64_t dropped = atomic_load_explicit(&d->region->segments[i].dropped, memory_order_relaxed);

		if (dropped > d->segments[i].dropped) {
			d->dropped += dropped - d->segments[i].dropped;
			d->segments[i].dropped = dropped;
		}
	}
	seep_drain_set_dropped(d, d->dropped);
}

void seep_drain_stack_counters(const struct seep_drain *d, uint64_t *truncated, uint64_t *lost)
{
	*truncated = *lost = 0;
	for (uint32_t i = 0; i < d->segments_known; i++) {
		*truncated += atomic_load_explicit(&d->region->segments[i].truncated_stacks, memory_order_relaxed);
		*lost += atomic_load_explicit(&d->region->segments[i].lost_stacks, memory_order_relaxed);
	}
}

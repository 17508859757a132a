/* SPDX-License-Identifier: Apache-2.0
 *
 * drain.h: what the collector knows about a region's segments, shared by the files that empty them: rings.c, records.c,
 * folds.c and nurseries.c.
 *
 * Everything in a region may be written by an enemy at any moment. So whatever is looked at is copied first, and a segment whose
 * ring makes no sense is abandoned: its records are thrown away from then on, and counted.
 */
#ifndef SEEP_COLLECTOR_DRAIN_H
#define SEEP_COLLECTOR_DRAIN_H

#include "books.h"
#include "journal.h"
#include "notes.h"
#include "region.h"

#include <stdbool.h>
#include <stdint.h>

#define SEEP_DRAIN_RECENT 4u
#define SEEP_DRAIN_COPY_UNITS 128u /* are copied at a time */

/* A fold entry's state at one moment, checked. */
struct seep_fold {
	uint32_t entry;
	uint32_t version;
	uint32_t stack;
	uint16_t tag;
	uint64_t count;
	uint64_t bytes;
};

/* What has been counted of a fold entry. */
struct seep_drain_fold {
	uint32_t version;
	uint64_t count;
	uint64_t bytes;
};

struct seep_drain_segment {
	uint64_t tail; /* units taken; the one in the region is only told to the producer */
	uint64_t head; /* as read at the beginning of the present round */
	uint64_t asides_done; /* records before this unit that are not events have been taken, though events may wait */
	uint64_t dropped; /* as last read */
	uint32_t quantum; /* units of a turn */
	bool abandoned;
	bool fuller; /* than half, up to now in this round: its producer may wait for room */
	bool gave_room; /* in this round */
	bool owes_room; /* what was taken is not in the journal's file yet */

	/* Why the ring does not go on: its next event has to wait for other rings' (see rings.c). */
	bool blocked;
	bool blocked_before; /* in the last round, too */
	uint32_t blocked_shard;
	uint64_t blocked_order;
	uint32_t next_blocked; /* another segment blocked by this shard, + 1 */

	/* The last allocations of this ring. A process killed while it sent one left it in its nursery too. */
	uint32_t recent_next;
	struct {
		uint64_t address;
		uint64_t s;
	} recent[SEEP_DRAIN_RECENT];
	struct seep_drain_fold *folds; /* NULL: none yet */
};

struct seep_drain {
	struct seep_region *region;
	struct seep_books *books;
	struct seep_notes *notes;
	struct seep_journal *journal; /* NULL: none is kept */
	struct seep_drain_segment *segments;
	uint32_t segments_known;
	uint32_t nodes_known; /* stacks up to this one exist */
	uint64_t dropped; /* records lost, since the start */
	uint64_t dropped_noted; /* of them those that a note has told */
	bool drops_seen; /* a producer said that it dropped */
	bool failed; /* out of memory */

	/* Of the present round: a circular queue of segments whose turn comes, and who is blocked by which shard. */
	uint32_t *queue;
	uint32_t queue_first;
	uint32_t queue_used;
	uint32_t blocked;
	uint32_t blocked_by[SEEP_WIRE_SHARDS]; /* first segment + 1; 0: none */

	struct seep_wire_unit units[SEEP_DRAIN_COPY_UNITS];
	struct seep_event events[SEEP_DRAIN_COPY_UNITS];
	uint16_t ends[SEEP_DRAIN_COPY_UNITS]; /* where each event's record ends in units[] */
	struct seep_fold folds[SEEP_WIRE_FOLDS]; /* of the segment that folds.c looks at */
};

/* Takes d, which is large, as zeroed memory. Borrows the other three. */
void seep_drain_open(
	struct seep_drain *d, struct seep_region *region, struct seep_books *books, struct seep_notes *notes);
void seep_drain_close(struct seep_drain *d);

/* Learns of segments that are new in the region. */
void seep_drain_learn(struct seep_drain *d);

/* Gives a segment's ring up, with a note that says why. */
void seep_drain_abandon(struct seep_drain *d, uint32_t number, const char *why, uint64_t value);

/* Whether the stack tree has this node. */
static inline bool seep_drain_stack_exists(struct seep_drain *d, uint32_t stack)
{
	if (stack > d->nodes_known)
		d->nodes_known = seep_region_nodes_used(d->region);
	return stack <= d->nodes_known;
}

/* Adds what the segments count themselves, and notes what was dropped since the last call. */
void seep_drain_count_dropped(struct seep_drain *d);

/* Sets the number of records that were dropped since the start, and notes what is new. */
void seep_drain_set_dropped(struct seep_drain *d, uint64_t dropped);

/* The sum of the segments' counters of stacks that are not whole. */
void seep_drain_stack_counters(const struct seep_drain *d, uint64_t *truncated, uint64_t *lost);

#endif

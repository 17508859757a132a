/* SPDX-License-Identifier: Apache-2.0
 *
 * drain.h: reads what the producers left in the region, checks it, and gives it to the books.
 *
 * Everything there may be written by an enemy at any moment. So whatever is looked at is copied first, and a segment whose ring
 * makes no sense is abandoned: its records are thrown away from then on, and counted.
 */
#ifndef SEEP_COLLECTOR_DRAIN_H
#define SEEP_COLLECTOR_DRAIN_H

#include "books.h"
#include "notes.h"
#include "region.h"

#include <stdbool.h>
#include <stdint.h>

#define SEEP_DRAIN_RECENT 4u

/* What has been counted of a fold entry. */
struct seep_drain_fold {
	uint32_t version;
	uint64_t count;
	uint64_t bytes;
};

struct seep_drain_segment {
	uint64_t tail; /* units taken; the one in the region is only told to the producer */
	uint64_t dropped; /* as last read */
	bool abandoned;
	uint32_t recent_next;
	/* The last allocations of this ring. A process killed while it sent one left it in its nursery too. */
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
	struct seep_drain_segment *segments;
	uint32_t segments_known;
	uint32_t nodes_known; /* stacks up to this one exist */
	uint64_t dropped; /* records lost, since the start */
	bool drops_seen; /* a producer said that it dropped */
	bool failed; /* out of memory */
	struct seep_wire_unit units[SEEP_WIRE_RING_UNITS];
	struct seep_event events[SEEP_WIRE_RING_UNITS];
};

/* A nursery's block, copied. */
struct seep_drain_young {
	struct seep_event event;
	uint32_t segment;
};

struct seep_drain_nurseries {
	struct seep_drain_young *blocks;
	size_t used;
	size_t size;
};

/* Takes d, which is large, as zeroed memory. Borrows the other three. */
void seep_drain_open(
	struct seep_drain *d, struct seep_region *region, struct seep_books *books, struct seep_notes *notes);
void seep_drain_close(struct seep_drain *d);

/* Empties all rings once. Returns the number of units taken. */
uint64_t seep_drain_rings(struct seep_drain *d);

/* Whether no ring is more than a quarter full: then there is time to sleep (producers ring at half a ring). */
bool seep_drain_has_time(const struct seep_drain *d);

/* Counts the folds that are not counted yet, and what the segments say they dropped. Empties rings on the way. */
void seep_drain_folds(struct seep_drain *d);

/* Copies the blocks in all nurseries, while the program may go on or not. Returns 0, or -1 with ENOMEM. */
int seep_drain_nurseries_copy(struct seep_drain *d, struct seep_drain_nurseries *copy);

/* Gives them to the books, but for those that had been sent already. Frees the copy. */
void seep_drain_nurseries_apply(struct seep_drain *d, struct seep_drain_nurseries *copy);

/* The sum of the segments' own counters. */
void seep_drain_stack_counters(const struct seep_drain *d, uint64_t *truncated, uint64_t *lost);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * books.h: matches frees to allocations, whatever the order in which they arrive, and counts what that means for each
 * site and for the whole process.
 */
#ifndef SEEP_COLLECTOR_BOOKS_H
#define SEEP_COLLECTOR_BOOKS_H

#include "blocks.h"
#include "cohorts.h"
#include "order.h"
#include "sites.h"

#include "seep/trace.h"

#include <stdbool.h>
#include <stdint.h>

enum seep_event_kind {
	SEEP_EVENT_ALLOC = 1,
	SEEP_EVENT_FREE,
	SEEP_EVENT_HOLE,
};

/* What a record says, checked: address is neither 0 nor wider than 56 bits, order is below SEEP_ORDER_NUMBER_MAX, bytes
 * is below 2^48, stack names a node. A free or a hole has only kind, address and order. */
struct seep_event {
	uint64_t address;
	uint64_t order; /* s of an allocation, f of a free */
	uint64_t bytes;
	uint32_t stack;
	uint32_t birth; /* tick */
	uint16_t tag;
	uint16_t kind;
	uint32_t reserved;
};

struct seep_totals {
	struct seep_trace_count allocated; /* since the start, folds included */
	struct seep_trace_count freed;
	struct seep_trace_count live;
	uint64_t peak_bytes;
	uint64_t peak_at_ns;
	uint64_t unknown_frees; /* no allocation came for them */
	uint64_t
		unhooked_frees; /* blocks whose address was handed out again though we saw no free (they are in `freed`) */
	uint64_t expired_frees; /* unknown frees that were declared so before the end, for want of room */
	struct seep_trace_count inherited;
	uint64_t inherited_frees;
};

struct seep_books {
	/* Set by the session before it applies events. */
	uint64_t now_ns;
	uint32_t now_tick;
	uint32_t patience_now; /* milliseconds in which something arrived: see seep_books_tend */
	uint64_t waiting_max; /* frees that may wait for their allocations */
	uint64_t sample_bytes; /* not 0: blocks are samples, and count with their weight (weights.h) */

	struct seep_totals totals;
	uint64_t epoch_peak_bytes; /* highest totals.live.bytes in this epoch */
	uint64_t epoch_peak_at_ns;
	uint64_t epoch_unknown_frees;
	uint8_t generation; /* of this process' own blocks; those with another are inherited from the parent of a fork */
	uint64_t waiting; /* frees in `blocks` that wait for their allocations */
	bool failed; /* out of memory: figures are wrong from here on, stop */

	struct seep_sites sites;
	struct seep_blocks blocks;
	struct seep_order order;
	struct seep_cohorts cohorts; /* how exactly births are told in the end */
};

/* 0, or -1 with ENOMEM. */
int seep_books_open(struct seep_books *b);
void seep_books_close(struct seep_books *b);

/* Applies events, in any order of arrival. */
void seep_books_apply(struct seep_books *b, const struct seep_event *events, unsigned count);

/* Applies events, up to one that must come after events which were not applied yet. Returns how many were applied. */
unsigned seep_books_apply_due(struct seep_books *b, const struct seep_event *events, unsigned count);

/* Until the shard goes on, its events are due without waiting for the one that is missing. */
void seep_books_let_go(struct seep_books *b, uint32_t shard);

/* An allocation found in a nursery: it may have arrived already, and is then ignored. */
void seep_books_apply_young(struct seep_books *b, const struct seep_event *event);

/* Blocks that were allocated and freed unseen: counted as both, in the youngest age class. */
void seep_books_fold(struct seep_books *b, uint32_t stack, uint16_t tag, uint64_t count, uint64_t bytes);

/* To be called now and then: gives up numbers for which a shard has waited at least patience_ms (while something arrived,
 * so that a stopped program loses nothing), and keeps the frees that wait for allocations below waiting_max. */
void seep_books_tend(struct seep_books *b, uint32_t patience_ms);

/* Whether a block lived already in the parent when this process was forked. It has no site, and no order. */
static inline bool seep_books_inherited(const struct seep_books *b, const struct seep_block *block)
{
	return block->generation != b->generation;
}

/* Nothing more will arrive: what is held or waits is decided. Afterwards `blocks` holds the live blocks, inherited ones among
 * them, and nothing else. */
void seep_books_settle(struct seep_books *b);

/* The same, and then makes these the books of a forked child: the live blocks become inherited, all else begins anew. Most of the
 * table's memory is only read, so that parent and child go on sharing it. Returns 0, or -1 with ENOMEM. */
int seep_books_inherit(struct seep_books *b);

/* The epoch has been written. */
void seep_books_next_epoch(struct seep_books *b);

#endif

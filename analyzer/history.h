/* SPDX-License-Identifier: Apache-2.0
 *
 * history.h: what happened to each site, epoch by epoch. reader.c feeds it frame by frame; the report asks it.
 * For one thread at a time.
 */
#ifndef SEEP_HISTORY_H
#define SEEP_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "model.h"

/* For the reader: the records of one EPOCH frame, and the blocks of one LIVE frame. `epoch` is an index. Returns 0, or -1 without memory. */
int seep_history_add(struct seep_trace *trace, size_t epoch, const struct seep_trace_site *records, size_t count);

/* Of one LIVE frame; see include/seep/trace.h. */
struct seep_live_columns {
	size_t count; /* of entries, each of which is some blocks */
	const uint64_t *counts;
	const uint64_t *bytes;
	const uint32_t *stacks;
	const uint32_t *tags;
	const uint32_t *births; /* ticks */
};

/* The bytes of one entry's blocks. False: there can't be such blocks, and the entry is to be left out. */
static inline bool seep_live_bytes(uint64_t count, uint64_t bytes, uint64_t *sum)
{
	return count && !__builtin_mul_overflow(count, bytes, sum);
}
int seep_history_add_live(struct seep_trace *trace, const struct seep_live_columns *live);

/* For the reader, at the end: works out the totals, and makes a fault of every contradiction between epochs, live blocks and the end. */
void seep_history_finish(struct seep_trace *trace);

/* Goes through the epochs once more, with all that the trace holds of each: calls visit for each record of each epoch from `first` on, in order. A visit that
 * returns other than 0 ends the walk. Returns that, 0 at the end, or -1 with *error set. */
int seep_history_walk(struct seep_trace *trace, size_t first,
	int (*visit)(void *context, size_t epoch, const struct seep_trace_site *record), void *context,
	struct seep_error *error);

/* How fast the live bytes of some sites together (indices) grow: the median of the slopes between all pairs of epoch ends in the second half of the trace (Theil and
 * Sen's estimator: up to 29 % of the points may be anything). False where the trace has fewer than four epochs there, or without memory. */
bool seep_history_growth(struct seep_trace *trace, const uint32_t *sites, size_t count, double *bytes_per_hour);

#endif

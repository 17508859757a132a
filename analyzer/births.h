/* SPDX-License-Identifier: Apache-2.0
 *
 * births.h: which of the blocks that were never freed were born in a slice of time. gate_measure.c asks, for --since and
 * --until. For one thread at a time.
 */
#ifndef SEEP_BIRTHS_H
#define SEEP_BIRTHS_H

#include <stdint.h>

#include "error.h"
#include "model.h"

/* For each site (counts[i] is trace->sites[i]) its unfreed blocks that were born in [from_ns, to_ns). As exact as the trace's births are. Returns 0, or -1
 * with *error set. */
int seep_births_between(struct seep_trace *trace, uint64_t from_ns, uint64_t to_ns, struct seep_trace_count *counts,
	struct seep_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * weights.h: how many blocks and bytes a recorded block stands for (SAMPLING in include/seep/wire.h). books.c asks for each
 * event, and again when the block ends: the answer depends on the block alone. Any thread.
 */
#ifndef SEEP_COLLECTOR_WEIGHTS_H
#define SEEP_COLLECTOR_WEIGHTS_H

#include "seep/trace.h"

#include <stdint.h>

/* An estimate without bias: the mean of count and bytes over many samples is the truth. sample_bytes is not 0; (address, order)
 * names the block, order is its s. */
struct seep_trace_count seep_weights_estimate(uint64_t sample_bytes, uint64_t address, uint64_t order, uint64_t bytes);

static inline struct seep_trace_count seep_weights_of(
	uint64_t sample_bytes, uint64_t address, uint64_t order, uint64_t bytes)
{
	if (__builtin_expect(!sample_bytes, 1))
		return (struct seep_trace_count){1, bytes};
	return seep_weights_estimate(sample_bytes, address, order, bytes);
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * shim.h: plays a program with threads on the shim's side of the region. A file of its own, because both sides call a structure
 * seep_process.
 */
#ifndef SEEP_TESTS_SHIM_H
#define SEEP_TESTS_SHIM_H

#include "seep/wire.h"

#define SHIM_THREADS 3u
#define SHIM_STACKS 5000u

struct shim_sums {
	uint64_t allocations, allocated_bytes, frees, freed_bytes;
};

/* So many operations in each thread; returns when they have ended. What they did is added to *sum. */
void shim_run(struct seep_wire_region *region, struct seep_wire_segment *segments, unsigned long count,
	struct shim_sums *sum);

#endif

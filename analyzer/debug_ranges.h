/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_ranges.h: address ranges with a number each, looked up by address. debug_info.c keeps units and functions in
 * them. One thread.
 */
#ifndef SEEP_DEBUG_RANGES_H
#define SEEP_DEBUG_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

struct seep_debug_range {
	uint64_t start, end; /* [start, end) */
	uint64_t value;
};

/* All zero is an empty set. */
struct seep_debug_ranges {
	struct seep_debug_range *items;
	size_t count, capacity;
	size_t steps; /* ranges read so far, to bound what a damaged file can ask for */
};

/* Adds the ranges of a DIE (DW_AT_low_pc, DW_AT_high_pc, DW_AT_ranges), if it has any. 0, or -1 when memory ran out. */
int seep_debug_ranges_add(struct seep_debug_ranges *r, Dwarf_Die *die, uint64_t value);

/* To be called after adding and before looking up. */
void seep_debug_ranges_sort(struct seep_debug_ranges *r);

/* The value of the range that holds the address; of several the one that starts last. */
bool seep_debug_ranges_find(const struct seep_debug_ranges *r, uint64_t address, uint64_t *value);

void seep_debug_ranges_clear(struct seep_debug_ranges *r);

#endif

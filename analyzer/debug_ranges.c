/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_ranges.c: a sorted array of address ranges.
 */
#include <stdlib.h>
#include <string.h>

#include "debug_ranges.h"
#include "memory.h"

/* Many DIEs of a damaged file may refer to one long list. */
#define STEPS_MAX ((size_t)1 << 24)

/* Ranges of proper files don't overlap; where they do, this many are looked at for one that holds the address. */
#define LOOK_BACK 32

int seep_debug_ranges_add(struct seep_debug_ranges *r, Dwarf_Die *die, uint64_t value)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t next = 0;

	while (r->steps < STEPS_MAX && (next = dwarf_ranges(die, next, &base, &start, &end)) > 0) {
		r->steps++;
		if (!start || start >= end) /* address 0 is what linkers give to code that they left out */
			continue;
		if (seep_array_reserve(&r->items, &r->capacity, r->count + 1, sizeof(*r->items)))
			return -1;
		r->items[r->count++] = (struct seep_debug_range){start, end, value};
	}
	return 0;
}

static int by_start(const void *left, const void *right)
{
	const struct seep_debug_range *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end) /* the wider one first, so that the narrower one is found */
		return a->end > b->end ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

void seep_debug_ranges_sort(struct seep_debug_ranges *r)
{
	if (r->count)
		qsort(r->items, r->count, sizeof(*r->items), by_start);
}

bool seep_debug_ranges_find(const struct seep_debug_ranges *r, uint64_t address, uint64_t *value)
{
	size_t low = 0, high = r->count;

	while (low < high) { /* low becomes the number of ranges that start at or before the address */
		size_t middle = low + (high - low) / 2;

		if (r->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t looked = 0; low > 0 && looked < LOOK_BACK; looked++) {
		if (address < r->items[--low].end) {
			*value = r->items[low].value;
			return true;
		}
	}
	return false;
}

void seep_debug_ranges_clear(struct seep_debug_ranges *r)
{
	free(r->items);
	memset(r, 0, sizeof(*r));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * map.h: a hash table from a pair of 64-bit words to a number. The words are compared whole, so a key that is not itself a
 * hash can't collide. For one thread at a time.
 */
#ifndef SEEP_MAP_H
#define SEEP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_map_slot {
	uint64_t high;
	uint64_t low;
	uint32_t value;
	uint32_t taken;
};

/* All zero is an empty map. */
struct seep_map {
	struct seep_map_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* The value of a key; a new key gets `fresh`, and *added says so. Valid until the next addition. NULL: out of memory. */
uint32_t *seep_map_at(struct seep_map *map, uint64_t high, uint64_t low, uint32_t fresh, bool *added);

/* The value of a key, or `otherwise`. */
uint32_t seep_map_find(const struct seep_map *map, uint64_t high, uint64_t low, uint32_t otherwise);

void seep_map_clear(struct seep_map *map);

#endif

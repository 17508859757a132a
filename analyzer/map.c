/* SPDX-License-Identifier: Apache-2.0
 *
 * map.c: open addressing with linear probing, at most two thirds full.
 */
#include <stdlib.h>

#include "map.h"

static size_t slot_of(const struct seep_map *map, uint64_t high, uint64_t low)
{
	uint64_t hash = (high ^ 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	size_t i;

	hash = (hash ^ hash >> 32 ^ low) * 0xc4ceb9fe1a85ec53u;
	hash ^= hash >> 29;
	i = (size_t)hash & (map->capacity - 1);
	while (map->slots[i].taken && (map->slots[i].high != high || map->slots[i].low != low))
		i = (i + 1) & (map->capacity - 1);
	return i;
}

static int grow(struct seep_map *map)
{
	struct seep_map larger = {.capacity = map->capacity ? map->capacity * 2 : 64, .count = map->count};

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (size_t i = 0; i < map->capacity; i++) {
		const struct seep_map_slot *old = &map->slots[i];

		if (old->taken)
			larger.slots[slot_of(&larger, old->high, old->low)] = *old;
	}
	free(map->slots);
	*map = larger;
	return 0;
}

uint32_t *seep_map_at(struct seep_map *map, uint64_t high, uint64_t low, uint32_t fresh, bool *added)
{
	struct seep_map_slot *slot;

	if (map->count >= map->capacity / 3 * 2 && grow(map) < 0)
		return NULL;
	slot = &map->slots[slot_of(map, high, low)];
	*added = !slot->taken;
	if (*added) {
		*slot = (struct seep_map_slot){.high = high, .low = low, .value = fresh, .taken = 1};
		map->count++;
	}
	return &slot->value;
}

uint32_t seep_map_find(const struct seep_map *map, uint64_t high, uint64_t low, uint32_t otherwise)
{
	const struct seep_map_slot *slot;

	if (!map->count)
		return otherwise;
	slot = &map->slots[slot_of(map, high, low)];
	return slot->taken ? slot->value : otherwise;
}

void seep_map_clear(struct seep_map *map)
{
	free(map->slots);
	*map = (struct seep_map){0};
}

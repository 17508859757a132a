/* SPDX-License-Identifier: Apache-2.0
 *
 * names.c: a hash set of strings in an arena.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "memory.h"
#include "names.h"
#include "printable.h"

struct seep_names {
	struct seep_arena arena;
	const char **slots; /* capacity is a power of two, at most half of it taken */
	size_t count, capacity;
};

struct seep_names *seep_names_create(void)
{
	struct seep_names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->capacity = 1024;
	n->slots = calloc(n->capacity, sizeof(*n->slots));
	if (!n->slots) {
		free(n);
		return NULL;
	}
	return n;
}

void seep_names_destroy(struct seep_names *n)
{
	if (!n)
		return;
	seep_arena_clear(&n->arena);
	free(n->slots);
	free(n);
}

void *seep_names_memory(struct seep_names *n, size_t bytes)
{
	void *memory = seep_arena_take(&n->arena, bytes);

	return memory ? memset(memory, 0, bytes) : NULL;
}

static const char **slot_of(const char **slots, size_t capacity, const char *text)
{
	size_t i = XXH3_64bits(text, strlen(text)) & (capacity - 1);

	while (slots[i] && strcmp(slots[i], text))
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

static bool grow(struct seep_names *n)
{
	size_t capacity = n->capacity * 2;
	const char **slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < n->capacity; i++)
		if (n->slots[i])
			*slot_of(slots, capacity, n->slots[i]) = n->slots[i];
	free(n->slots);
	n->slots = slots;
	n->capacity = capacity;
	return true;
}

const char *seep_names_keep(struct seep_names *n, const char *text)
{
	const char **slot = slot_of(n->slots, n->capacity, text), *kept;

	if (*slot)
		return *slot;
	if ((n->count + 1) * 2 > n->capacity && !grow(n))
		return NULL;
	kept = seep_printable(&n->arena, text);
	if (!kept)
		return NULL;
	slot = slot_of(n->slots, n->capacity, kept);
	if (!*slot) {
		*slot = kept;
		n->count++;
	}
	return *slot;
}

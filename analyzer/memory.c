/* SPDX-License-Identifier: Apache-2.0
 *
 * memory.c: growing arrays and an arena in chunks. The reader, the report and the outputs keep their things in them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define CHUNK_BYTES ((size_t)64 * 1024)

struct seep_arena_chunk {
	struct seep_arena_chunk *next;
	size_t bytes;
	_Alignas(8) uint8_t data[];
};

int seep_array_reserve(void *array, size_t *capacity, size_t needed, size_t element_bytes)
{
	void **pointer = array;
	size_t wanted;
	void *grown;

	if (needed <= *capacity)
		return 0;
	wanted = *capacity * 2 > needed ? *capacity * 2 : needed;
	if (wanted < 16)
		wanted = 16;
	if (wanted > SIZE_MAX / 2 / element_bytes)
		return -1;
	grown = realloc(*pointer, wanted * element_bytes);
	if (!grown)
		return -1;
	*pointer = grown;
	*capacity = wanted;
	return 0;
}

void *seep_arena_take(struct seep_arena *arena, size_t bytes)
{
	struct seep_arena_chunk *chunk = arena->chunks;
	size_t room;
	void *taken;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + 7) & ~(size_t)7;
	if (!chunk || bytes > chunk->bytes - arena->used) {
		room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->bytes = room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->used = 0;
	}
	taken = chunk->data + arena->used;
	arena->used += bytes;
	return taken;
}

char *seep_arena_text(struct seep_arena *arena, const void *bytes, size_t count)
{
	char *text = seep_arena_take(arena, count + 1);

	if (!text)
		return NULL;
	if (count)
		memcpy(text, bytes, count);
	text[count] = '\0';
	return text;
}

void seep_arena_clear(struct seep_arena *arena)
{
	struct seep_arena_chunk *chunk, *next;

	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	arena->chunks = NULL;
	arena->used = 0;
}

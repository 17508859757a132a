/* SPDX-License-Identifier: Apache-2.0
 *
 * memory.h: the analyzer's two ways to hold many things: arrays that grow, and an arena of strings and small records that
 * are freed together. For one thread at a time.
 */
#ifndef SEEP_MEMORY_H
#define SEEP_MEMORY_H

#include <stddef.h>

/* Makes room for `needed` elements of `element_bytes` in *array (a pointer to a pointer to them), at least doubling *capacity when it
 * grows. Returns 0, or -1 with *array as it was. */
int seep_array_reserve(void *array, size_t *capacity, size_t needed, size_t element_bytes);

struct seep_arena {
	struct seep_arena_chunk *chunks;
	size_t used; /* bytes of the first chunk */
};

/* Uninitialised bytes, aligned to 8, that live until seep_arena_clear. NULL: out of memory. */
void *seep_arena_take(struct seep_arena *arena, size_t bytes);

/* A copy of the bytes with a terminating NUL. Bytes after a NUL within are kept but will not be seen. NULL: out of memory. */
char *seep_arena_text(struct seep_arena *arena, const void *bytes, size_t count);

void seep_arena_clear(struct seep_arena *arena);

#endif

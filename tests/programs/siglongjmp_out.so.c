/* SPDX-License-Identifier: Apache-2.0
 *
 * An allocator that a signal handler may jump out of at any point: all it does is to move a pointer. To be preloaded behind
 * libseep.so, by tests/t/harm.sh.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARENA_BYTES (UINT64_C(1) << 30)

static _Alignas(16) char arena[ARENA_BYTES];
static _Atomic size_t used;

void *malloc(size_t bytes);
void free(void *block);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);

void *malloc(size_t bytes)
{
	size_t whole = ((bytes + 15) & ~(size_t)15) + 16;
	size_t start = atomic_fetch_add(&used, whole);

	if (start + whole > ARENA_BYTES)
		return NULL;
	memcpy(arena + start, &bytes, sizeof bytes);
	return arena + start + 16;
}

void free(void *block)
{
	(void)block;
}

void *calloc(size_t count, size_t bytes)
{
	return malloc(count * bytes);
}

void *realloc(void *block, size_t bytes)
{
	void *moved = malloc(bytes);
	size_t old = 0;

	if (block)
		memcpy(&old, (char *)block - 16, sizeof old);
	if (moved && block)
		memcpy(moved, block, old < bytes ? old : bytes);
	return moved;
}

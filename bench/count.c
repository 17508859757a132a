/* SPDX-License-Identifier: Apache-2.0
 *
 * count.c: a preload that counts the blocks that a program and its children allocate, into the file that
 * BENCH_COUNT_FILE names (one 64-bit number, mapped, so that it does not matter how a process ends). Used for the
 * untimed first run of each work: added time per block rests on a count that no tracer made.
 */
#include "next.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t before_mapped;
static uint64_t *counter = &before_mapped;

static void *count(void *block)
{
	if (block)
		__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	return block;
}

__attribute__((constructor)) static void map_counter(void)
{
	const char *path = getenv("BENCH_COUNT_FILE");
	int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (file < 0)
		return;
	map = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (map == MAP_FAILED)
		return;
	counter = map;
	__atomic_fetch_add(counter, before_mapped, __ATOMIC_RELAXED);
}

HOOK void *malloc(size_t size)
{
	return count(next.malloc ? next.malloc(size) : early_take(size));
}

HOOK void *calloc(size_t items, size_t size)
{
	return count(next.malloc ? next.calloc(items, size) : early_take(items * size));
}

HOOK void *realloc(void *block, size_t size)
{
	return count(next.malloc || block ? next.realloc(block, size) : early_take(size));
}

HOOK void *reallocarray(void *block, size_t items, size_t size)
{
	return count(next.malloc || block ? next.reallocarray(block, items, size) : early_take(items * size));
}

HOOK void free(void *block)
{
	if (next.malloc && !in_arena(block))
		next.free(block);
}

HOOK void *memalign(size_t alignment, size_t size)
{
	next_find();
	return count(next.memalign(alignment, size));
}

HOOK void *aligned_alloc(size_t alignment, size_t size)
{
	next_find();
	return count(next.aligned_alloc(alignment, size));
}

HOOK int posix_memalign(void **block, size_t alignment, size_t size)
{
	int status;

	next_find();
	status = next.posix_memalign(block, alignment, size);
	if (!status)
		count(*block);
	return status;
}

HOOK void *valloc(size_t size)
{
	next_find();
	return count(next.valloc(size));
}

HOOK void *pvalloc(size_t size)
{
	next_find();
	return count(next.pvalloc(size));
}

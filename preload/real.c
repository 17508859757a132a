/* SPDX-License-Identifier: Apache-2.0
 *
 * real.c: finds the next definitions once, at the first call of any hook, when the program still has one thread.
 */
#include "real.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>

struct seep_real seep_real;

#define ARENA_BYTES 65536

static _Alignas(16) char arena[ARENA_BYTES];
static _Atomic size_t arena_used;
/* volatile: dlsym is declared not to call back into this file, but by way of our malloc it does. */
static __thread volatile bool finding __attribute__((tls_model("initial-exec")));

/* A block is preceded by its size, in a header of one alignment unit. */
void *seep_arena_allocate(size_t alignment, size_t bytes)
{
	size_t header = alignment > 16 ? alignment : 16;
	size_t whole = (header + bytes + header + 15) & ~(size_t)15;
	size_t start;
	char *block;

	if (bytes > ARENA_BYTES || header > 4096)
		return NULL;
	start = atomic_fetch_add(&arena_used, whole);
	if (start + whole > ARENA_BYTES)
		return NULL;
	block = (char *)(((uintptr_t)arena + start + header + header - 1) & ~(uintptr_t)(header - 1));
	*(size_t *)(void *)(block - sizeof(size_t)) = bytes;
	return block;
}

bool seep_arena_holds(const void *block)
{
	return (uintptr_t)block - (uintptr_t)arena < ARENA_BYTES;
}

size_t seep_arena_block_bytes(const void *block)
{
	return *(const size_t *)(const void *)((const char *)block - sizeof(size_t));
}

static void find(const char *name, void *pointer)
{
	*(void **)pointer = dlsym(RTLD_NEXT, name);
}

bool seep_real_find(void)
{
	if (finding)
		return false;
	finding = true;
	find("calloc", &seep_real.calloc);
	find("realloc", &seep_real.realloc);
	find("reallocarray", &seep_real.reallocarray);
	find("memalign", &seep_real.memalign);
	find("aligned_alloc", &seep_real.aligned_alloc);
	find("posix_memalign", &seep_real.posix_memalign);
	find("valloc", &seep_real.valloc);
	find("pvalloc", &seep_real.pvalloc);
	find("free_sized", &seep_real.free_sized);
	find("free_aligned_sized", &seep_real.free_aligned_sized);
	find("dlclose", &seep_real.dlclose);
	find("free", &seep_real.free);
	find("malloc", &seep_real.malloc);
	finding = false;
	return seep_real.malloc && seep_real.free && seep_real.calloc && seep_real.realloc;
}

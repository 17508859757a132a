/* SPDX-License-Identifier: Apache-2.0
 *
 * next.h: the next definitions of the malloc family, for the two preloads of the bench (nop.c, count.c). Found by the
 * constructor, or at the first call where that comes earlier. What dlsym itself may ask for meanwhile comes from a
 * small arena that is never given back.
 */
#ifndef SEEP_BENCH_NEXT_H
#define SEEP_BENCH_NEXT_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HOOK __attribute__((visibility("default")))
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*reallocarray)(void *, size_t, size_t);
	void (*free)(void *);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
} next;

static _Alignas(64) char arena[65536];
static size_t arena_used;

static inline void *arena_take(size_t size)
{
	size_t begin = __atomic_fetch_add(&arena_used, (size + 63) & ~(size_t)63, __ATOMIC_RELAXED);

	return begin + size <= sizeof(arena) ? arena + begin : NULL;
}

static inline int in_arena(const void *block)
{
	return (uintptr_t)block - (uintptr_t)arena < sizeof(arena);
}

/* malloc comes last: while it is NULL, the arena serves. */
__attribute__((constructor, noinline, cold, unused)) static void next_find(void)
{
	static int finding;

	if (next.malloc || __atomic_exchange_n(&finding, 1, __ATOMIC_ACQUIRE))
		return;
	next.calloc = dlsym(RTLD_NEXT, "calloc");
	next.realloc = dlsym(RTLD_NEXT, "realloc");
	next.reallocarray = dlsym(RTLD_NEXT, "reallocarray");
	next.free = dlsym(RTLD_NEXT, "free");
	next.memalign = dlsym(RTLD_NEXT, "memalign");
	next.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	next.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	next.valloc = dlsym(RTLD_NEXT, "valloc");
	next.pvalloc = dlsym(RTLD_NEXT, "pvalloc");
	next.malloc = dlsym(RTLD_NEXT, "malloc");
}

/* Out of line and rare: the first calls, before or while the others are found. */
__attribute__((noinline, cold, unused)) static void *early_take(size_t size)
{
	next_find();
	return next.malloc ? next.calloc(1, size) : arena_take(size);
}

#endif

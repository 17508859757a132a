/* SPDX-License-Identifier: Apache-2.0
 *
 * real.c: finds the next definitions once, at the first call of any hook, when the program still has one thread.
 */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

_Alignas(16) char seep_arena[SEEP_ARENA_BYTES];
static _Atomic size_t arena_used;

/* volatile: dlsym is declared not to call back into this file, but by way of our malloc it does. */
static __thread volatile bool finding __attribute__((tls_model("initial-exec")));

/* A block is preceded by its size, in a header of one alignment unit. The arena is zero, and no part of it is used twice. */
static void *take_from_arena(size_t alignment, size_t bytes)
{
	size_t header = alignment > 16 ? alignment : 16;
	size_t start;
	char *block;

	if (bytes > SEEP_ARENA_BYTES || header > 4096)
		return NULL;
	start = atomic_fetch_add(&arena_used, 2 * header + ((bytes + 15) & ~(size_t)15));
	if (start + 2 * header + bytes > SEEP_ARENA_BYTES)
		return NULL;
	block = (char *)(((uintptr_t)seep_arena + start + 2 * header - 1) & ~(uintptr_t)(header - 1));
	memcpy(block - sizeof bytes, &bytes, sizeof bytes);
	return block;
}

void *seep_arena_move(void *block, size_t bytes)
{
	void *moved = seep_real.malloc(bytes);
	size_t old;

	memcpy(&old, (char *)block - sizeof old, sizeof old);
	if (moved)
		memcpy(moved, block, old < bytes ? old : bytes);
	return moved;
}

static void find(const char *name, void *pointer)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found)
		*(void **)pointer = found;
}

/* False while it runs already in this call chain. */
static bool find_all(void)
{
	if (finding)
		return false;
	finding = true;
	find("free", &seep_real.free);
	find("calloc", &seep_real.calloc);
	find("realloc", &seep_real.realloc);
	find("memalign", &seep_real.memalign);
	find("aligned_alloc", &seep_real.aligned_alloc);
	find("posix_memalign", &seep_real.posix_memalign);
	find("valloc", &seep_real.valloc);
	find("pvalloc", &seep_real.pvalloc);
	find("dlclose", &seep_real.dlclose);
	find("prctl", &seep_real.prctl);
	find("syscall", &seep_real_syscall);
	find("setrlimit", &seep_real.setrlimit);
	find("prlimit", &seep_real.prlimit);
	find("malloc", &seep_real.malloc);
	/* Missing ones make dlsym allocate its message: last, when there is a malloc. */
	find("free_sized", &seep_real.free_sized);
	find("free_aligned_sized", &seep_real.free_aligned_sized);
	/* The program shall not be told of our misses, nor free their message: the second call gives back what the first told. */
	dlerror();
	dlerror();
	finding = false;
	return true;
}

static void *first_malloc(size_t bytes)
{
	return find_all() && seep_real.malloc != first_malloc ? seep_real.malloc(bytes) : take_from_arena(16, bytes);
}

static void first_free(void *block)
{
	if (find_all() && seep_real.free != first_free)
		seep_real.free(block);
}

static void *first_calloc(size_t count, size_t bytes)
{
	return find_all() && seep_real.calloc != first_calloc ? seep_real.calloc(count, bytes)
							      : take_from_arena(16, count * bytes);
}

static void *first_realloc(void *block, size_t bytes)
{
	return find_all() && seep_real.realloc != first_realloc ? seep_real.realloc(block, bytes)
								: take_from_arena(16, bytes);
}

static void *first_memalign(size_t alignment, size_t bytes)
{
	return find_all() && seep_real.memalign != first_memalign ? seep_real.memalign(alignment, bytes)
								  : take_from_arena(alignment, bytes);
}

/* Some allocators lack this one. */
static void *first_aligned_alloc(size_t alignment, size_t bytes)
{
	return find_all() && seep_real.aligned_alloc != first_aligned_alloc ? seep_real.aligned_alloc(alignment, bytes)
									    : seep_real.memalign(alignment, bytes);
}

static int first_posix_memalign(void **block, size_t alignment, size_t bytes)
{
	if (find_all() && seep_real.posix_memalign != first_posix_memalign)
		return seep_real.posix_memalign(block, alignment, bytes);
	*block = take_from_arena(alignment, bytes);
	return *block ? 0 : ENOMEM;
}

static void *first_valloc(size_t bytes)
{
	return find_all() && seep_real.valloc != first_valloc ? seep_real.valloc(bytes) : take_from_arena(4096, bytes);
}

static void *first_pvalloc(size_t bytes)
{
	return find_all() && seep_real.pvalloc != first_pvalloc ? seep_real.pvalloc(bytes)
								: take_from_arena(4096, bytes);
}

static int first_dlclose(void *handle)
{
	return find_all() && seep_real.dlclose != first_dlclose ? seep_real.dlclose(handle) : -1;
}

static long first_syscall(long number, ...)
{
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (find_all() && seep_real_syscall != first_syscall)
		return seep_real_syscall(
			number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
	errno = ENOSYS;
	return -1;
}

long (*seep_real_syscall)(long, ...) = first_syscall;

struct seep_real seep_real = {
	.malloc = first_malloc,
	.free = first_free,
	.calloc = first_calloc,
	.realloc = first_realloc,
	.memalign = first_memalign,
	.aligned_alloc = first_aligned_alloc,
	.posix_memalign = first_posix_memalign,
	.valloc = first_valloc,
	.pvalloc = first_pvalloc,
	.dlclose = first_dlclose,
};

void seep_real_find(void)
{
	if (seep_real.malloc == first_malloc)
		find_all();
}

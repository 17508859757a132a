/* SPDX-License-Identifier: Apache-2.0
 *
 * hooks.c: the malloc family as the program calls it. Each hook is the real call with the recorder around it. Any thread, any
 * time: before the constructors, in signal handlers, in forked children, in destructors of thread-local data.
 */
#include <errno.h>
#include <string.h>

#include "modules.h"
#include "real.h"
#include "record.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t bytes);
EXPORT void free(void *block);
EXPORT void cfree(void *block);
EXPORT void free_sized(void *block, size_t bytes);
EXPORT void free_aligned_sized(void *block, size_t alignment, size_t bytes);
EXPORT void *calloc(size_t count, size_t bytes);
EXPORT void *realloc(void *block, size_t bytes);
EXPORT void *reallocarray(void *block, size_t count, size_t bytes);
EXPORT void *memalign(size_t alignment, size_t bytes);
EXPORT void *aligned_alloc(size_t alignment, size_t bytes);
EXPORT int posix_memalign(void **block, size_t alignment, size_t bytes);
EXPORT void *valloc(size_t bytes);
EXPORT void *pvalloc(size_t bytes);
EXPORT int dlclose(void *handle);

static inline void allocated(
	struct seep_thread *thread, void *block, size_t bytes, const struct seep_unwind_start *start)
{
	if (!thread)
		return;
	if (block) {
		seep_thread_move(SEEP_PLACE_RECORDER);
		seep_record_block(thread, (uintptr_t)block, bytes, start);
	}
	seep_thread_leave();
}

/* One allocating hook: `call` is the real call, made between entering and recording. */
#define ALLOCATE(call, bytes) \
	do { \
		SEEP_UNWIND_START(start); \
		struct seep_thread *thread = seep_thread_enter(SEEP_PLACE_ALLOCATOR); \
		void *obtained = (call); \
		allocated(thread, obtained, (bytes), &start); \
		return obtained; \
	} while (0)

void *malloc(size_t bytes)
{
	ALLOCATE(seep_real.malloc(bytes), bytes);
}

void *calloc(size_t count, size_t bytes)
{
	ALLOCATE(seep_real.calloc(count, bytes), count * bytes);
}

/* NULL, and blocks of the arena. */
static inline bool passes_by(const void *block)
{
	return !block || __builtin_expect(seep_arena_holds(block), 0);
}

/* Before the real free; the caller then makes it, as its last call. */
static inline __attribute__((always_inline)) void freed(void *block)
{
	struct seep_thread *thread = seep_thread_enter(SEEP_PLACE_RECORDER);

	if (!thread)
		return;
	seep_record_free(thread, block);
	seep_thread_leave();
}

void free(void *block)
{
	if (passes_by(block))
		return;
	freed(block);
	seep_real.free(block);
}

void cfree(void *block)
{
	free(block);
}

void free_sized(void *block, size_t bytes)
{
	if (passes_by(block))
		return;
	freed(block);
	if (seep_real.free_sized)
		seep_real.free_sized(block, bytes);
	else
		seep_real.free(block);
}

void free_aligned_sized(void *block, size_t alignment, size_t bytes)
{
	if (passes_by(block))
		return;
	freed(block);
	if (seep_real.free_aligned_sized)
		seep_real.free_aligned_sized(block, alignment, bytes);
	else
		seep_real.free(block);
}

/* realloc of a block that exists. */
static inline __attribute__((always_inline)) void *renew(
	void *block, size_t bytes, const struct seep_unwind_start *start)
{
	struct seep_thread *thread = seep_thread_enter(SEEP_PLACE_RECORDER);
	struct seep_renewal renewal = {0};
	void *result;

	if (!thread)
		return seep_real.realloc(block, bytes);
	seep_record_renew(thread, &renewal, block);
	seep_thread_move(SEEP_PLACE_ALLOCATOR);
	result = seep_real.realloc(block, bytes);
	seep_thread_move(SEEP_PLACE_RECORDER);
	seep_record_renewed(thread, &renewal, block, result || bytes == 0);
	allocated(thread, result, bytes, start);
	return result;
}

void *realloc(void *block, size_t bytes)
{
	if (!block)
		ALLOCATE(seep_real.realloc(NULL, bytes), bytes);
	if (__builtin_expect(seep_arena_holds(block), 0))
		ALLOCATE(seep_arena_move(block, bytes), bytes);
	SEEP_UNWIND_START(start);
	return renew(block, bytes, &start);
}

/* By way of realloc, as the C library does it: its own reallocarray would come back into our realloc. */
void *reallocarray(void *block, size_t count, size_t bytes)
{
	size_t whole;

	if (__builtin_mul_overflow(count, bytes, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	if (passes_by(block))
		return realloc(block, whole);
	SEEP_UNWIND_START(start);
	return renew(block, whole, &start);
}

void *memalign(size_t alignment, size_t bytes)
{
	ALLOCATE(seep_real.memalign(alignment, bytes), bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
	ALLOCATE(seep_real.aligned_alloc(alignment, bytes), bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
	struct seep_thread *thread;
	int result;

	SEEP_UNWIND_START(start);
	thread = seep_thread_enter(SEEP_PLACE_ALLOCATOR);
	result = seep_real.posix_memalign(block, alignment, bytes);
	allocated(thread, result == 0 ? *block : NULL, bytes, &start);
	return result;
}

void *valloc(size_t bytes)
{
	ALLOCATE(seep_real.valloc(bytes), bytes);
}

void *pvalloc(size_t bytes)
{
	ALLOCATE(seep_real.pvalloc(bytes), bytes);
}

int dlclose(void *handle)
{
	int result = seep_real.dlclose(handle);

	seep_modules_closed();
	return result;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * nop.c: a preload that does nothing: each hook forwards to the next definition. What a program costs under it is the
 * part of a tracer's cost that no preload can avoid, the honest baseline beside the untraced run.
 */
#include "next.h"

#include <malloc.h>
#include <stdlib.h>

HOOK void *malloc(size_t size)
{
	if (UNLIKELY(!next.malloc))
		return early_take(size);
	return next.malloc(size);
}

HOOK void *calloc(size_t count, size_t size)
{
	if (UNLIKELY(!next.malloc))
		return early_take(count * size);
	return next.calloc(count, size);
}

HOOK void *realloc(void *block, size_t size)
{
	if (UNLIKELY(!next.malloc && !block))
		return early_take(size);
	return next.realloc(block, size);
}

HOOK void *reallocarray(void *block, size_t count, size_t size)
{
	if (UNLIKELY(!next.malloc && !block))
		return early_take(count * size);
	return next.reallocarray(block, count, size);
}

HOOK void free(void *block)
{
	if (UNLIKELY(!next.malloc) || UNLIKELY(in_arena(block)))
		return;
	next.free(block);
}

HOOK void *memalign(size_t alignment, size_t size)
{
	if (UNLIKELY(!next.malloc))
		next_find();
	return next.memalign(alignment, size);
}

HOOK void *aligned_alloc(size_t alignment, size_t size)
{
	if (UNLIKELY(!next.malloc))
		next_find();
	return next.aligned_alloc(alignment, size);
}

HOOK int posix_memalign(void **block, size_t alignment, size_t size)
{
	if (UNLIKELY(!next.malloc))
		next_find();
	return next.posix_memalign(block, alignment, size);
}

HOOK void *valloc(size_t size)
{
	if (UNLIKELY(!next.malloc))
		next_find();
	return next.valloc(size);
}

HOOK void *pvalloc(size_t size)
{
	if (UNLIKELY(!next.malloc))
		next_find();
	return next.pvalloc(size);
}

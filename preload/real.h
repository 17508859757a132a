/* SPDX-License-Identifier: Apache-2.0
 *
 * real.h: the definitions behind the hooks: the next ones in the program's lookup order, so that a program keeps the
 * allocator that it was linked with. Used by hooks.c and marks.c; any thread.
 */
#ifndef SEEP_PRELOAD_REAL_H
#define SEEP_PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>

struct seep_real {
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*reallocarray)(void *, size_t, size_t); /* NULL: not there, as all below may be */
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	void (*free_sized)(void *, size_t);
	void (*free_aligned_sized)(void *, size_t, size_t);
	int (*dlclose)(void *);
};

/* All NULL until seep_real_find has run, which any hook does when it finds its own pointer NULL. */
extern struct seep_real seep_real;

/* Fills seep_real. False while it runs already in this call chain: dlsym itself allocates, and is served by the arena. */
bool seep_real_find(void);

/* The arena for what is allocated while seep_real_find runs. Its blocks are never recorded and never given back. */
void *seep_arena_allocate(size_t alignment, size_t bytes);
bool seep_arena_holds(const void *block);
size_t seep_arena_block_bytes(const void *block);

#endif

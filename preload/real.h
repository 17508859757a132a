/* SPDX-License-Identifier: Apache-2.0
 *
 * real.h: the definitions behind the hooks: the next ones in the program's lookup order, so that a program keeps the
 * allocator that it was linked with. Used by hooks.c, limits.c and marks.c; any thread.
 */
#ifndef SEEP_PRELOAD_REAL_H
#define SEEP_PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct seep_real {
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	int (*dlclose)(void *);
	/* Not before seep_real_find. */
	int (*prctl)(int, ...);
	int (*setrlimit)(__rlimit_resource_t, const struct rlimit *);
	int (*prlimit)(pid_t, enum __rlimit_resource, const struct rlimit *, struct rlimit *);
	void (*free_sized)(void *, size_t); /* NULL: not there, as the next may be */
	void (*free_aligned_sized)(void *, size_t, size_t);
};

/* At first these find all the others and then do their work, so that a hook need not ask whether they were found. */
extern struct seep_real seep_real;
extern long (*seep_real_syscall)(long, ...); /* on its own for syscall_x86_64.S */

/* Finds them now: in the middle of one of the program's own calls of dlsym or dlopen would be a bad moment. */
void seep_real_find(void);

/* The arena serves what dlsym allocates while they are looked for. Its blocks are never recorded and never given back. */
extern char seep_arena[];
#define SEEP_ARENA_BYTES 65536

static inline bool seep_arena_holds(const void *block)
{
	return (uintptr_t)block - (uintptr_t)seep_arena < SEEP_ARENA_BYTES;
}

/* realloc for a block of the arena: it moves, and the old one stays where it is. */
void *seep_arena_move(void *block, size_t bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * wrappers.h: which frames are only a way to malloc. A site is named after its first frame that is not: naming every leak
 * "xstrdup" would help nobody. The report and components.c call it. For one thread at a time.
 *
 * The built-in list (wrappers_known.c) knows the C and C++ libraries, Rust's alloc, and the allocation functions of well-known
 * projects. A file adds to it, one pattern a line (globs.h); `#` at the start of a line or after a space begins a comment:
 *
 *     my_alloc                a function, with or without its parameter list
 *     pool_* @libpool.so*     functions of one module only
 *     * @libpool.so*          all of a module
 *     * @util/alloc*.c        all of a source file: a glob with a '/', for the path or any part that begins after a '/'
 */
#ifndef SEEP_WRAPPERS_H
#define SEEP_WRAPPERS_H

#include <stdbool.h>
#include <stddef.h>

struct seep_error;
struct seep_frame;
struct seep_wrappers;

/* `file` adds to the built-in list; NULL: none. 0, or -1 with *e set ("FILE:LINE: ..."). */
int seep_wrappers_open(struct seep_wrappers **w, const char *file, struct seep_error *e);

bool seep_wrappers_match(const struct seep_wrappers *w, const struct seep_frame *frame);

/* Index of the frame that names the site: the first, from the leaf at 0, that is no wrapper and no unnamed function that
 * works for one. If all are, the first one
 * that is not an allocation function itself (so that what the C library keeps for itself gets its function's name), and at
 * last the outermost that has a name. 0 for an empty stack. */
size_t seep_wrappers_skip(const struct seep_wrappers *w, const struct seep_frame *frames, size_t count);

void seep_wrappers_close(struct seep_wrappers *w);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * components.h: which part of the program a block belongs to, so that a report can say "session handling". The model calls
 * it for every stack. For one thread at a time.
 *
 * A rules file is INI; each section is a component, and each line a glob (globs.h) that claims frames for it:
 *
 *     [session handling]
 *     file = session/t*.c       ; the whole path, or any part of it that begins after a '/'
 *     function = session_*      ; the whole name, or the name without its parameter list
 *     module = libsession.so*   ; the file's base name
 *
 * Frames are tried from the leaf to the root, and at each frame the sections in the file's order; the first that
 * matches has the block. Where an allocation wrapper lies says nothing (or util/xmalloc.c would own the whole program): a
 * frame that is one is claimed by `function`, and by `file` and `module` only if they match no other frame. What no rule claims
 * belongs to where its site is, as everything does without rules: the source directory of the first frame that is not an
 * allocation wrapper ("src/session"), or else its module.
 */
#ifndef SEEP_COMPONENTS_H
#define SEEP_COMPONENTS_H

#include <stddef.h>

#define SEEP_COMPONENTS_FILE "seep.components" /* looked for in the working directory */

struct seep_components;
struct seep_error;
struct seep_frame;
struct seep_wrappers;

/* `file` NULL: SEEP_COMPONENTS_FILE where it exists, else no rules. `wrappers` has to outlive c. 0, or -1 with *e set
 * ("FILE:LINE: what was expected"). */
int seep_components_open(
	struct seep_components **c, const char *file, const struct seep_wrappers *wrappers, struct seep_error *e);

/* The component of a stack, leaf first; never NULL, lives as long as c. */
const char *seep_components_of(const struct seep_components *c, const struct seep_frame *frames, size_t count);

/* The same without rules. */
const char *seep_components_default(const struct seep_components *c, const struct seep_frame *frames, size_t count);

void seep_components_close(struct seep_components *c);

#endif

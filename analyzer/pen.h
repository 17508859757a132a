/* SPDX-License-Identifier: Apache-2.0
 *
 * pen.h: what all text for people is written with: styles, foreign text made harmless, source lines in short. It keeps the texts
 * that it makes until it is put down.
 */
#ifndef SEEP_PEN_H
#define SEEP_PEN_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "output.h"
#include "symbols.h"

struct seep_pen {
	const struct seep_output *out;
	struct seep_arena arena;
	char *directory; /* the working directory: what lies in it is shown without it; NULL: not known */
};

void seep_pen_take(struct seep_pen *pen, const struct seep_output *out);
void seep_pen_put_down(struct seep_pen *pen);

const char *seep_pen_style(const struct seep_pen *pen, enum seep_style style);

/* Foreign text, harmless; "?" without memory. */
const char *seep_pen_safe(struct seep_pen *pen, const char *text);

/* A copy of a text that is known to be harmless; NULL without memory. */
const char *seep_pen_keep(struct seep_pen *pen, const char *text);

/* "src/table.c:12", or "in libc.so.6" where no line is known, or "" where nothing is; within some columns. */
const char *seep_pen_place(struct seep_pen *pen, const struct seep_frame *frame, size_t columns);

/* "s" for all numbers but one. */
const char *seep_plural(uint64_t count);

#endif

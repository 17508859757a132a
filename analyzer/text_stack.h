/* SPDX-License-Identifier: Apache-2.0
 *
 * text_stack.h: one call path for people, from the allocation outwards. Part of text.c.
 */
#ifndef SEEP_TEXT_STACK_H
#define SEEP_TEXT_STACK_H

#include "pen.h"
#include "report.h"

/* The stack of a row, at most `depth` lines and a few. Returns 0, or -1 without memory. */
int seep_text_stack(struct seep_pen *pen, const struct seep_report *report, const struct seep_row *row, uint64_t depth);

#endif

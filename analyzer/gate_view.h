/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_view.h: what all of the gate's outputs say in the same words. For one thread at a time.
 */
#ifndef SEEP_GATE_VIEW_H
#define SEEP_GATE_VIEW_H

#include "gate.h"

/* All texts are printable and live as long as the verdict; "?" without memory. */

/* The verdict in one line: "leak: 44,400 bytes in 37 blocks at 1 site". */
const char *seep_gate_headline(struct seep_verdict *v);

/* "44,400 bytes in 37 blocks" */
const char *seep_gate_amount(struct seep_verdict *v, const struct seep_trace_count *of);

/* How much a site leaks: "44,400 bytes in 37 blocks in each of 3 processes", or by iteration. */
const char *seep_gate_leaked(struct seep_verdict *v, const struct seep_gate_site *site);

/* What one has to know of a site in one sentence: "44,400 bytes in 37 blocks, allocated by session_open at src/session.c:87, are never freed". */
const char *seep_gate_sentence(struct seep_verdict *v, const struct seep_gate_site *site);

/* Against the baseline, and against an expired suppression: "new", "grew from 12 bytes in 1 block"; "" where there is nothing to say. */
const char *seep_gate_change(struct seep_verdict *v, const struct seep_gate_site *site);

/* "the whole", "component session handling" */
const char *seep_gate_budget_name(struct seep_verdict *v, const struct seep_gate_budget *budget);

/* How far it was used: "44,400 bytes in 37 blocks of 0 bytes" */
const char *seep_gate_budget_use(struct seep_verdict *v, const struct seep_gate_budget *budget);

/* Frames up to main: what the C library does around it explains nothing. */
size_t seep_gate_depth(const struct seep_gate_stack *stack);

/* The stack of a site, a frame a line: "function place". */
struct seep_gate_line {
	const char *function;
	const char *place; /* "" : unknown */
	bool inlined;
};
/* The frames from `first` on, at most `max`; returns how many. */
size_t seep_gate_lines(struct seep_verdict *v, const struct seep_gate_stack *stack, size_t first,
	struct seep_gate_line *lines, size_t max);

/* A text made with printf, in the verdict's memory. */
const char *seep_gate_text(struct seep_verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Entries of the suppression files that kept nothing out. They may have been for another program, but are worth a look. */
const struct seep_suppression *seep_gate_unused(const struct seep_verdict *v, size_t *index);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_stacks.h: the stacks of many traces, named once each. The 200 processes of a test suite run the same code, so a stack
 * that one trace has brought is found again by the files and offsets that it goes through, and no symbols are read for
 * it. gate_measure.c calls it. For one thread at a time.
 */
#ifndef SEEP_GATE_STACKS_H
#define SEEP_GATE_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "gate_stack.h"
#include "model.h"
#include "policy.h"

struct seep_gate_stacks;

/* Policy and root have to outlive it. */
int seep_gate_stacks_open(
	struct seep_gate_stacks **s, const struct seep_policy *policy, const char *root, struct seep_error *error);

/* The next calls of seep_gate_stacks_of are about this trace, up to seep_gate_stacks_end. */
int seep_gate_stacks_begin(struct seep_gate_stacks *s, struct seep_trace *trace, struct seep_error *error);

/* The stack of a site. It lives as long as s, and equal ones are the same pointer. Returns 0 or -1. */
int seep_gate_stacks_of(struct seep_gate_stacks *s, const struct seep_site *site, struct seep_gate_stack **stack,
	struct seep_error *error);

/* Returns 0, or -1 when memory ran out. */
int seep_gate_stacks_end(struct seep_gate_stacks *s);

/* Whether any module of the trace is the project's. */
bool seep_gate_stacks_own_trace(const struct seep_gate_stacks *s);

/* Whether a file is the project's. */
bool seep_gate_stacks_own_path(const struct seep_gate_stacks *s, const char *path);

/* Sentences about modules whose names could not be looked up, of all traces. */
size_t seep_gate_stacks_remarks(const struct seep_gate_stacks *s, const char *const **sentences);

/* A copy of a text, printable, that lives as long as s; NULL: out of memory. */
const char *seep_gate_stacks_keep(struct seep_gate_stacks *s, const char *text);

void seep_gate_stacks_close(struct seep_gate_stacks *s);

#endif

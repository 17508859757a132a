/* SPDX-License-Identifier: Apache-2.0
 *
 * suppressions.h: leaks that somebody has decided to live with, in files as LeakSanitizer and Valgrind have them. `seep
 * gate` reads and asks, `seep suppress` writes such files. For one thread at a time.
 *
 * A file is Valgrind's if its first line that is neither empty nor a comment begins with '{', else LeakSanitizer's. In both,
 * a block of comment lines may hold
 *
 *     # owner: who looks after it
 *     # expires: 2027-03-31
 *
 * which count for the entries that follow, up to the next empty line or the next such block. After its last day an entry
 * suppresses nothing any more.
 */
#ifndef SEEP_SUPPRESSIONS_H
#define SEEP_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"
#include "gate_stack.h"
#include "model.h"

struct seep_suppression {
	const char *origin; /* "FILE:LINE" */
	const char *name; /* "leak:pattern", or the first line of Valgrind's entry */
	const char *owner; /* NULL: not said */
	const char *expires; /* "YYYY-MM-DD"; NULL: never */
	bool expired;
	struct seep_trace_count used; /* for whoever matches: blocks and bytes that it has kept out */
};

struct seep_suppressions;

/* `today` as YYYY-MM-DD; NULL: by the clock. NULL when memory ran out. */
struct seep_suppressions *seep_suppressions_create(const char *today);

/* Adds the entries of a file, or of a text of which `name` is told in messages. 0, or -1 with "FILE:LINE: what was expected". */
int seep_suppressions_read(struct seep_suppressions *s, const char *path, struct seep_error *error);
int seep_suppressions_read_text(
	struct seep_suppressions *s, const char *name, const char *text, struct seep_error *error);

/* The first entry that matches and has not expired, else the first that matches, else NULL. */
struct seep_suppression *seep_suppressions_match(struct seep_suppressions *s, const struct seep_gate_stack *stack);

/* All entries that can suppress leaks, in the order of reading; NULL behind the last. */
struct seep_suppression *seep_suppressions_at(const struct seep_suppressions *s, size_t index);

/* Sets all figures of use to zero. */
void seep_suppressions_forget(struct seep_suppressions *s);

void seep_suppressions_free(struct seep_suppressions *s);

/* LeakSanitizer's rule: `pattern` may begin anywhere in the text unless it begins with ^, and end anywhere unless it ends
 * with $; * is any text. It looks for the leftmost place of each piece and never goes back, and so does this. */
bool seep_suppressions_lsan_match(const char *pattern, const char *text);

/* Whether a text is a day as "expires:" has it. */
bool seep_suppressions_is_day(const char *text);

enum seep_suppression_form { SEEP_SUPPRESSION_VALGRIND, SEEP_SUPPRESSION_LSAN };
extern const char *const seep_suppression_forms[]; /* in the same order; ends with NULL */

/* Writes an entry that matches the stack, with the whole way to it in Valgrind's form, and in LeakSanitizer's, which can't say more, with the function that
 * names its site. Write errors are left to the caller. */
void seep_suppressions_write(FILE *out, enum seep_suppression_form form, const struct seep_gate_stack *stack);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * suppression_forms.h: what suppressions.c and its two forms, LeakSanitizer's and Valgrind's, share. Nobody else includes it.
 */
#ifndef SEEP_SUPPRESSION_FORMS_H
#define SEEP_SUPPRESSION_FORMS_H

#include "memory.h"
#include "suppressions.h"

/* One line of Valgrind's calling context. */
struct seep_supp_frame {
	enum { SEEP_SUPP_ANY_FRAMES, SEEP_SUPP_FUNCTION, SEEP_SUPP_OBJECT, SEEP_SUPP_SOURCE } kind;
	const char *glob;
	unsigned line; /* of SEEP_SUPP_SOURCE; 0: any */
};

struct seep_supp_rule {
	struct seep_suppression shown;
	const char *pattern; /* LeakSanitizer's; NULL: the rule is Valgrind's */
	struct seep_supp_frame *frames;
	size_t frame_count;
};

/* A text, line by line. Owner and expiry of the comments passed are kept for the next entry. */
struct seep_supp_lines {
	struct seep_suppressions *suppressions;
	const char *name;
	const char *next;
	unsigned number; /* of the line last given out */
	const char *owner, *expires;
	bool block; /* the line before was a comment */
	struct seep_error *error;
};

/* The next line that is neither empty nor a comment, without blanks at its ends; in the suppressions' memory. Returns 1, 0 at the end, -1 on a bad date or
 * without memory. */
int seep_supp_line(struct seep_supp_lines *lines, char **line);

/* Adds a rule for the entry that began at line `number`. NULL: out of memory, with the error set. */
struct seep_supp_rule *seep_supp_add(struct seep_supp_lines *lines, unsigned number, const char *name);

struct seep_arena *seep_supp_arena(struct seep_suppressions *s);

int seep_supp_lsan_parse(struct seep_supp_lines *lines, char *line);
bool seep_supp_lsan_match(const struct seep_supp_rule *rule, const struct seep_gate_stack *stack);

int seep_supp_valgrind_parse(struct seep_supp_lines *lines, char *line);
bool seep_supp_valgrind_match(const struct seep_supp_rule *rule, const struct seep_gate_stack *stack);

/* Whether the stack begins in the C++ library's operator new, which LeakSanitizer and Valgrind put in the place of malloc. */
bool seep_supp_from_new(const struct seep_gate_stack *stack);

#endif

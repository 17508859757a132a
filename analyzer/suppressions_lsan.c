/* SPDX-License-Identifier: Apache-2.0
 *
 * suppressions_lsan.c: LeakSanitizer's form of suppressions: "leak:PATTERN" a line, held against the module, the function and the
 * source file of every frame.
 */
#include <string.h>

#include "demangle.h"
#include "suppression_forms.h"

bool seep_suppressions_lsan_match(const char *pattern, const char *text)
{
	bool at_start = *pattern == '^', after_star = false;

	if (!*text)
		return false;
	pattern += at_start;
	while (*pattern) {
		size_t piece = strcspn(pattern, "*$");
		const char *found;

		if (*pattern == '*') {
			pattern++;
			at_start = false;
			after_star = true;
			continue;
		}
		if (*pattern == '$')
			return !*text || after_star;
		found = memmem(text, strlen(text), pattern, piece);
		if (!found || (at_start && found != text))
			return false;
		text = found + piece;
		pattern += piece;
		at_start = after_star = false;
	}
	return true;
}

static int take_line(struct seep_supp_lines *lines, const char *line)
{
	struct seep_supp_rule *rule;

	if (strncmp(line, "leak:", 5) || !line[5])
		return seep_error_set(lines->error,
			"%s:%u: expected leak:PATTERN (or, in Valgrind's form, a '{' first), not '%s'", lines->name,
			lines->number, line);
	rule = seep_supp_add(lines, lines->number, line);
	if (!rule)
		return -1;
	rule->pattern = line + 5;
	return 0;
}

int seep_supp_lsan_parse(struct seep_supp_lines *lines, char *line)
{
	int result;

	do {
		if (take_line(lines, line) < 0)
			return -1;
		result = seep_supp_line(lines, &line);
	} while (result > 0);
	return result;
}

/* LeakSanitizer's stacks begin in its own malloc. */
static bool match_allocator(const char *pattern, const struct seep_gate_stack *stack)
{
	return !seep_supp_from_new(stack) &&
	       seep_suppressions_lsan_match(pattern, stack->allocator ? stack->allocator : "malloc");
}

/* A function that no other file can call may have no linker's name in the debug information: then LeakSanitizer has its bare name. */
static bool match_function(const char *pattern, const struct seep_gate_frame *frame)
{
	const char *bare = strrchr(frame->function, ':');

	if (!frame->named)
		return false;
	if (seep_suppressions_lsan_match(pattern, frame->function))
		return true;
	return bare && !frame->function[seep_demangle_base(frame->function)] &&
	       seep_suppressions_lsan_match(pattern, bare + 1);
}

bool seep_supp_lsan_match(const struct seep_supp_rule *rule, const struct seep_gate_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		const struct seep_gate_frame *frame = &stack->frames[i];

		if (seep_suppressions_lsan_match(rule->pattern, frame->module_path) ||
			seep_suppressions_lsan_match(rule->pattern, frame->module_real_path) ||
			match_function(rule->pattern, frame) ||
			(frame->file && seep_suppressions_lsan_match(rule->pattern, frame->file)))
			return true;
	}
	return match_allocator(rule->pattern, stack);
}

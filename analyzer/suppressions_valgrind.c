/* SPDX-License-Identifier: Apache-2.0
 *
 * suppressions_valgrind.c: Valgrind's form of suppressions (its manual, "Suppressing errors"):
 *
 *     {
 *        a name
 *        Memcheck:Leak
 *        match-leak-kinds: reachable
 *        fun:malloc
 *        obj:/usr/lib/libfoo.so.*
 *        src:foo.c:12
 *        ...
 *     }
 *
 * The lines between are the calling context from the leaf on; what follows in the stack does not matter. Entries for other
 * errors than leaks are read over. Kinds of leaks are not told apart here: a block is unfreed or not.
 */
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "globs.h"
#include "suppression_forms.h"

#define CONTEXT_MAX 24 /* as in Valgrind */

/* Valgrind's own malloc, in which its stacks begin. */
static const char *const allocators[] = {"malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign",
	"valloc", "pvalloc", "reallocarray"};
#define ALLOCATOR_OBJECT "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"

static int refuse(struct seep_supp_lines *lines, const char *expected, const char *line)
{
	return seep_error_set(lines->error, "%s:%u: expected %s, not '%s'", lines->name, lines->number, expected, line);
}

/* The next line of an entry, which has to be there. */
static int next_line(struct seep_supp_lines *lines, char **line)
{
	int result = seep_supp_line(lines, line);

	if (result == 0)
		return seep_error_set(
			lines->error, "%s:%u: expected a '}' before the end of the file", lines->name, lines->number);
	return result < 0 ? -1 : 0;
}

/* "Memcheck,Addrcheck:Leak" */
static bool is_leak(const char *kind)
{
	const char *colon = strchr(kind, ':');

	return colon && !strcmp(colon + 1, "Leak") &&
	       (!strncmp(kind, "Memcheck:", 9) || !strncmp(kind, "Memcheck,", 9) || strstr(kind, ",Memcheck,") ||
		       strstr(kind, ",Memcheck:"));
}

/* Only * and ? mean something to Valgrind, so what else means something to globs.h is escaped. */
static const char *glob_of(struct seep_supp_lines *lines, const char *pattern)
{
	char *glob = seep_arena_take(seep_supp_arena(lines->suppressions), 2 * strlen(pattern) + 1), *to = glob;

	if (!glob) {
		seep_error_set(lines->error, "%s: out of memory for its suppressions", lines->name);
		return NULL;
	}
	for (; *pattern; pattern++) {
		if (*pattern == '[' || *pattern == '\\')
			*to++ = '\\';
		*to++ = *pattern;
	}
	*to = '\0';
	return glob;
}

/* "foo.c:12" -> "foo.c" and 12 */
static unsigned cut_line_number(char *source)
{
	char *colon = strrchr(source, ':');

	if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
		return 0;
	*colon = '\0';
	return (unsigned)strtoul(colon + 1, NULL, 10);
}

static int parse_frame(struct seep_supp_lines *lines, char *line, struct seep_supp_frame *frame)
{
	*frame = (struct seep_supp_frame){.kind = SEEP_SUPP_ANY_FRAMES};
	if (!strcmp(line, "..."))
		return 0;
	if (!strncmp(line, "fun:", 4))
		frame->kind = SEEP_SUPP_FUNCTION;
	else if (!strncmp(line, "obj:", 4))
		frame->kind = SEEP_SUPP_OBJECT;
	else if (!strncmp(line, "src:", 4))
		frame->kind = SEEP_SUPP_SOURCE;
	else
		return refuse(lines, "fun:NAME, obj:FILE, src:FILE[:LINE], '...' or '}'", line);
	line += 4;
	if (frame->kind == SEEP_SUPP_SOURCE)
		frame->line = cut_line_number(line);
	frame->glob = glob_of(lines, line);
	return frame->glob ? 0 : -1;
}

/* The lines up to the closing brace; the first has been read already. */
static int parse_context(struct seep_supp_lines *lines, struct seep_supp_rule *rule, char *line)
{
	struct seep_supp_frame frames[CONTEXT_MAX];
	size_t count = 0;

	while (strcmp(line, "}")) {
		if (count == CONTEXT_MAX)
			return refuse(lines, "at most 24 lines of context and then a '}'", line);
		if (parse_frame(lines, line, &frames[count++]) < 0 || next_line(lines, &line) < 0)
			return -1;
	}
	if (!count)
		return refuse(lines, "at least one fun:, obj: or src: line", line);
	rule->frames = malloc(count * sizeof(*frames));
	if (!rule->frames)
		return seep_error_set(lines->error, "%s: out of memory for its suppressions", lines->name);
	memcpy(rule->frames, frames, count * sizeof(*frames));
	rule->frame_count = count;
	return 0;
}

static int parse_entry(struct seep_supp_lines *lines)
{
	unsigned number = lines->number;
	struct seep_supp_rule *rule;
	char *name, *kind, *line;

	if (next_line(lines, &name) < 0 || next_line(lines, &kind) < 0)
		return -1;
	if (!strchr(kind, ':'))
		return refuse(lines, "TOOL:KIND such as Memcheck:Leak", kind);
	if (next_line(lines, &line) < 0)
		return -1;
	if (!is_leak(kind)) {
		while (strcmp(line, "}"))
			if (next_line(lines, &line) < 0)
				return -1;
		return 0;
	}
	if (!strncmp(line, "match-leak-kinds:", 17) && next_line(lines, &line) < 0)
		return -1;
	rule = seep_supp_add(lines, number, name);
	return rule ? parse_context(lines, rule, line) : -1;
}

int seep_supp_valgrind_parse(struct seep_supp_lines *lines, char *line)
{
	int result;

	do {
		if (strcmp(line, "{"))
			return refuse(lines, "a '{' on a line of its own", line);
		if (parse_entry(lines) < 0)
			return -1;
		result = seep_supp_line(lines, &line);
	} while (result > 0);
	return result;
}

/* ---- Matching ---- */

static bool match_allocator(const struct seep_supp_frame *frame, const char *called)
{
	bool known = false;

	if (frame->kind == SEEP_SUPP_OBJECT)
		return seep_glob_match(frame->glob, ALLOCATOR_OBJECT);
	if (frame->kind != SEEP_SUPP_FUNCTION)
		return false;
	for (size_t i = 0; called && i < sizeof(allocators) / sizeof(allocators[0]); i++)
		known = known || !strcmp(called, allocators[i]);
	if (known)
		return seep_glob_match(frame->glob, called);
	/* Where the call does not say which of them it was, it may have been any. */
	for (size_t i = 0; i < sizeof(allocators) / sizeof(allocators[0]); i++)
		if (seep_glob_match(frame->glob, allocators[i]))
			return true;
	return false;
}

/* Valgrind names functions as the linker does, and inlined ones, which no linker knows, by their bare name. */
static bool match_function(const char *glob, const struct seep_gate_frame *frame)
{
	char bare[256];
	const char *scope;
	size_t length;

	if (!frame->named)
		return seep_glob_match(glob, "???");
	if (frame->linkage)
		return seep_glob_match(glob, frame->linkage);
	length = seep_demangle_base(frame->function);
	if (length >= sizeof(bare))
		return seep_glob_match(glob, frame->function);
	memcpy(bare, frame->function, length);
	bare[length] = '\0';
	scope = strrchr(bare, ':');
	return seep_glob_match(glob, bare) || (scope && seep_glob_match(glob, scope + 1));
}

static bool match_source(const struct seep_supp_frame *rule, const struct seep_gate_frame *frame)
{
	const char *slash = frame->file ? strrchr(frame->file, '/') : NULL;

	if (!frame->file || (rule->line && rule->line != frame->line))
		return false;
	return seep_glob_match(rule->glob, frame->file) || (slash && seep_glob_match(rule->glob, slash + 1));
}

static bool match_frame(const struct seep_supp_frame *rule, const struct seep_gate_frame *frame)
{
	switch (rule->kind) {
	case SEEP_SUPP_FUNCTION:
		return match_function(rule->glob, frame);
	case SEEP_SUPP_OBJECT:
		return seep_glob_match(rule->glob, frame->module_path) ||
		       seep_glob_match(rule->glob, frame->module_real_path);
	default:
		return match_source(rule, frame);
	}
}

/* The stack's frames as Valgrind has them: position 0 is its malloc, unless the stack begins in operator new, which it
 * replaces. "..." takes as few frames as it can, and only the last one passed is ever given more: as in globs.c, that is enough. */
bool seep_supp_valgrind_match(const struct seep_supp_rule *rule, const struct seep_gate_stack *stack)
{
	size_t shift = seep_supp_from_new(stack) ? 0 : 1, count = stack->count + shift;
	size_t r = 0, f = 0, retry_r = 0, retry_f = 0;

	while (r < rule->frame_count) {
		const struct seep_supp_frame *want = &rule->frames[r];

		if (want->kind == SEEP_SUPP_ANY_FRAMES) {
			retry_r = ++r;
			retry_f = f;
		} else if (f < count && (f < shift ? match_allocator(want, stack->allocator)
						   : match_frame(want, &stack->frames[f - shift]))) {
			r++;
			f++;
		} else if (retry_r && retry_f < count) {
			r = retry_r;
			f = ++retry_f;
		} else {
			return false;
		}
	}
	return true;
}

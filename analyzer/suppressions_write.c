/* SPDX-License-Identifier: Apache-2.0
 *
 * suppressions_write.c: entries for `seep suppress`. What was inlined, and the function that was called to allocate, become "...": both are
 * not the same everywhere.
 */
#include <string.h>

#include "demangle.h"
#include "suppression_forms.h"

#define LINES_MAX 20 /* and the wrappers: Valgrind takes 24 */
#define WRAPPERS_MAX 3

const char *const seep_suppression_forms[] = {"valgrind", "lsan", NULL};

/* A line that matches the frame: by function, or else by file. */
static void put_frame(FILE *out, const struct seep_gate_frame *f)
{
	const char *function = f->linkage ? f->linkage : f->named ? f->function : NULL;

	if (function)
		fprintf(out, "   fun:%s\n", function);
	else
		fprintf(out, "   obj:*%s%s\n", *f->module ? "/" : "", f->module);
}

/* The frames before the one that names the site: Valgrind's allocation function, and what wraps it. As many as there are, so that
 * the entry does not cover what is called from there too; but what was inlined can't be counted. Returns whether any number matches. */
static bool put_wrappers(FILE *out, const struct seep_gate_stack *stack)
{
	size_t count = stack->at + (seep_supp_from_new(stack) ? 0 : 1);
	bool any = count > WRAPPERS_MAX;

	for (size_t i = 0; i < stack->at; i++)
		any = any || stack->frames[i].inlined;
	if (any)
		fputs("   ...\n", out);
	for (size_t i = 0; i < count && !any; i++)
		fputs("   fun:*\n", out);
	return any;
}

static void write_valgrind(FILE *out, const struct seep_gate_stack *stack)
{
	size_t lines = 0;
	bool any;

	fprintf(out, "{\n   %s\n   Memcheck:Leak\n   match-leak-kinds: all\n",
		stack->count ? stack->frames[stack->at].function : "no stack");
	any = put_wrappers(out, stack);
	for (size_t i = stack->at; i < stack->count && lines < LINES_MAX; i++) {
		const struct seep_gate_frame *f = &stack->frames[i];

		if (f->inlined) {
			if (!any)
				fputs("   ...\n", out);
			lines += !any;
			any = true;
			continue;
		}
		put_frame(out, f);
		any = false;
		lines++;
		if (f->own && !strcmp(f->function, "main"))
			break;
	}
	fputs("}\n", out);
}

/* The function that names the site, or the first caller of it that has a name. */
static const struct seep_gate_frame *frame_for_lsan(const struct seep_gate_stack *stack)
{
	for (size_t i = stack->at; i < stack->count; i++)
		if (stack->frames[i].named)
			return &stack->frames[i];
	return &stack->frames[stack->at];
}

static void write_lsan(FILE *out, const struct seep_gate_stack *stack)
{
	const struct seep_gate_frame *f;
	const char *function;

	if (!stack->count)
		return;
	f = frame_for_lsan(stack);
	if (!f->named) {
		fprintf(out, "leak:%s\n", f->module);
		return;
	}
	function = f->function;
	/* Without a linker's name in the debug information, LeakSanitizer has the bare one (see match_function). */
	if (!function[seep_demangle_base(function)] && strrchr(function, ':'))
		function = strrchr(function, ':') + 1;
	fputs("leak:^", out);
	for (const char *c = function; *c; c++)
		fputc(*c == '$' ? '*' : *c, out);
	fputs("$\n", out);
}

void seep_suppressions_write(FILE *out, enum seep_suppression_form form, const struct seep_gate_stack *stack)
{
	if (form == SEEP_SUPPRESSION_LSAN)
		write_lsan(out, stack);
	else
		write_valgrind(out, stack);
}

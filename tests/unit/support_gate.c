/* SPDX-License-Identifier: Apache-2.0
 *
 * support_gate.c: see support_gate.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>

#include "memory.h"
#include "support_gate.h"

static struct seep_arena arena;

static char *kept(const char *text, size_t length)
{
	char *copy = seep_arena_text(&arena, text, length);

	assert_non_null(copy);
	return copy;
}

/* Without blanks around it. */
static char *kept_trimmed(const char *text, size_t length)
{
	while (length && *text == ' ') {
		text++;
		length--;
	}
	while (length && text[length - 1] == ' ')
		length--;
	return kept(text, length);
}

static void make_frame(struct seep_gate_frame *f, char *text)
{
	char *at = strchr(text, '@'), *module = strchr(text, '!'), *colon;

	*f = (struct seep_gate_frame){.function = text, .linkage = text, .module = "app", .named = true};
	if (module) {
		*module = '\0';
		f->module = module + 1;
	}
	if (at) {
		*at = '\0';
		f->file = at + 1;
		colon = strchr(at + 1, ':');
		assert_non_null(colon);
		*colon = '\0';
		f->line = (unsigned)atoi(colon + 1);
	}
	f->own = !strcmp(f->module, "app");
	f->module_path = f->module_real_path = f->module;
}

struct seep_gate_stack *made_stack(const char *text)
{
	struct seep_gate_stack *stack = seep_arena_take(&arena, sizeof(*stack));
	uint64_t id = 0;

	assert_non_null(stack);
	*stack = (struct seep_gate_stack){.component = "app", .whole = true};
	stack->frames = seep_arena_take(&arena, 32 * sizeof(*stack->frames));
	assert_non_null(stack->frames);
	while (*text) {
		size_t length = strcspn(text, "<");
		struct seep_gate_frame *f = &stack->frames[stack->count++];

		make_frame(f, kept_trimmed(text, length));
		stack->own = stack->own || f->own;
		id = XXH64(f->function, strlen(f->function), id);
		text += length + (text[length] == '<');
	}
	stack->id = id;
	return stack;
}

void made_process(struct seep_gate_measure *m, const char *name, const char *text)
{
	struct seep_gate_process *p;

	assert_int_equal(seep_array_reserve(&m->processes, &m->capacity, m->count + 1, sizeof(*m->processes)), 0);
	p = &m->processes[m->count++];
	*p = (struct seep_gate_process){.trace = "",
		.name = name,
		.pid = (uint32_t)m->count,
		.own = true,
		.allocations = 1000,
		.peak_bytes = 5000,
		.tallies = calloc(16, sizeof(struct seep_gate_tally))};
	assert_non_null(p->tallies);
	while (*text) {
		size_t length = strcspn(text, ";");
		struct seep_gate_tally *t = &p->tallies[p->tally_count++];
		unsigned long long blocks, bytes;
		int used = 0;

		assert_int_equal(sscanf(text, " %llu*%llu %n", &blocks, &bytes, &used), 2);
		t->unfreed = (struct seep_trace_count){blocks, bytes};
		t->stack = made_stack(kept(text + used, length - (size_t)used));
		text += length + (text[length] == ';');
	}
}

const struct seep_gate_site *made_site(const struct seep_verdict *v, const char *function)
{
	for (size_t i = 0; i < v->site_count; i++)
		if (!strcmp(v->sites[i].function, function))
			return &v->sites[i];
	fail_msg("no site of %s", function);
	return NULL;
}

void made_clear(struct seep_gate_measure *measures, size_t count)
{
	for (size_t m = 0; m < count; m++) {
		for (size_t i = 0; i < measures[m].count; i++)
			free(measures[m].processes[i].tallies);
		free(measures[m].processes);
		measures[m].processes = NULL;
		measures[m].count = measures[m].capacity = 0;
	}
	seep_arena_clear(&arena);
	arena = (struct seep_arena){0};
}

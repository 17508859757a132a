/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_view.c: the words of the gate. Numbers of bytes are written out in full: a ratchet works on them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gate_view.h"
#include "printable.h"
#include "units.h"

const char *seep_gate_text(struct seep_verdict *v, const char *format, ...)
{
	char text[2000];
	va_list arguments;
	const char *copy;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	copy = seep_printable(&v->arena, text);
	return copy ? copy : "?";
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

const char *seep_gate_amount(struct seep_verdict *v, const struct seep_trace_count *of)
{
	struct seep_unit bytes, blocks;

	return seep_gate_text(v, "%s byte%s in %s block%s", seep_unit_count(&bytes, of->bytes), plural(of->bytes),
		seep_unit_count(&blocks, of->count), plural(of->count));
}

/* ---- The verdict ---- */

static const char *leak_headline(struct seep_verdict *v)
{
	const struct seep_trace_count *all = &v->by_fate[SEEP_GATE_FAILS];
	struct seep_unit peak, limit;

	if (!v->fails)
		return seep_gate_text(v, "leak: at its peak %s held %s, more than the %s that are allowed",
			v->peak.process, seep_unit_bytes(&peak, v->peak.bytes),
			seep_unit_bytes(&limit, v->peak.max_bytes));
	if (v->policy->scales)
		return seep_gate_text(v, "leak: %zu site%s grow%s with the iterations", v->fails, plural(v->fails),
			v->fails == 1 ? "s" : "");
	return seep_gate_text(v, "leak: %s at %zu site%s", seep_gate_amount(v, all), v->fails, plural(v->fails));
}

static const char *pass_headline(struct seep_verdict *v)
{
	const char *what = v->policy->scales ? "nothing grows with the iterations" : "nothing leaked";
	struct seep_unit allocations;

	for (size_t i = 0; i < v->site_count && !v->policy->scales; i++)
		if (v->sites[i].fate == SEEP_GATE_WITHIN_BUDGET || v->sites[i].fate == SEEP_GATE_IN_BASELINE)
			what = "nothing leaked beyond what is allowed";
	return seep_gate_text(v, "pass: %s, in %zu process%s with %s allocation%s", what, v->judged,
		v->judged == 1 ? "" : "es", seep_unit_count(&allocations, v->allocations), plural(v->allocations));
}

const char *seep_gate_headline(struct seep_verdict *v)
{
	const char *text = v->answer == SEEP_GATE_LEAK   ? leak_headline(v)
			   : v->answer == SEEP_GATE_PASS ? pass_headline(v)
							 : seep_gate_text(v, "inconclusive: %s", v->reasons[0]);

	if (v->command_status > 0)
		return seep_gate_text(v, "the command failed with status %d; %s", v->command_status, text);
	return text;
}

/* ---- A site ---- */

const char *seep_gate_leaked(struct seep_verdict *v, const struct seep_gate_site *site)
{
	const char *amount = seep_gate_amount(v, &site->unfreed);

	if (v->policy->scales && site->fate == SEEP_GATE_FAILS)
		return seep_gate_text(v, "%.4g bytes in %.4g blocks an iteration", site->bytes_per_iteration,
			site->blocks_per_iteration);
	if (site->processes == 1)
		return amount;
	if (site->total.bytes == site->unfreed.bytes * site->processes &&
		site->total.count == site->unfreed.count * site->processes)
		return seep_gate_text(v, "%s in each of %zu processes", amount, site->processes);
	return seep_gate_text(v, "up to %s in each of %zu processes, %s in all", amount, site->processes,
		seep_gate_amount(v, &site->total));
}

const char *seep_gate_sentence(struct seep_verdict *v, const struct seep_gate_site *site)
{
	char line[16] = "";

	if (site->line)
		snprintf(line, sizeof(line), ":%u", site->line);
	return seep_gate_text(v, "%s, allocated by %s%s%s%s, %s never freed", seep_gate_leaked(v, site), site->function,
		site->file ? " at " : "", site->file ? site->file : "", site->file ? line : "",
		site->unfreed.bytes == 1 && !v->policy->scales ? "is" : "are");
}

const char *seep_gate_change(struct seep_verdict *v, const struct seep_gate_site *site)
{
	const struct seep_suppression *s = site->suppression;

	if (site->fate == SEEP_GATE_FAILS && s && s->expired)
		return seep_gate_text(v, "its suppression expired on %s (%s%s%s)", s->expires, s->origin,
			s->owner ? ", owner " : "", s->owner ? s->owner : "");
	switch (site->change) {
	case SEEP_GATE_NEW:
		return "not in the baseline";
	case SEEP_GATE_GREW:
		return seep_gate_text(v, "the baseline allows %s", seep_gate_amount(v, &site->known));
	case SEEP_GATE_SHRANK:
		return seep_gate_text(v, "less than the %s of the baseline", seep_gate_amount(v, &site->known));
	default:
		return "";
	}
}

/* ---- Budgets ---- */

const char *seep_gate_budget_name(struct seep_verdict *v, const struct seep_gate_budget *b)
{
	if (b->component)
		return seep_gate_text(v, "component %s", b->component);
	return b->rest && v->budget_count > 1 ? "everything else" : "everything";
}

const char *seep_gate_budget_use(struct seep_verdict *v, const struct seep_gate_budget *b)
{
	struct seep_unit bytes, blocks;
	const char *used = seep_gate_amount(v, &b->used);

	seep_unit_count(&bytes, b->max_bytes);
	seep_unit_count(&blocks, b->max_blocks);
	if (b->max_bytes == SEEP_POLICY_UNSET)
		return seep_gate_text(v, "%s, of at most %s block%s", used, blocks.text, plural(b->max_blocks));
	if (b->max_blocks == SEEP_POLICY_UNSET || !b->max_bytes)
		return seep_gate_text(v, "%s, of at most %s byte%s", used, bytes.text, plural(b->max_bytes));
	return seep_gate_text(v, "%s, of at most %s byte%s and %s block%s", used, bytes.text, plural(b->max_bytes),
		blocks.text, plural(b->max_blocks));
}

/* ---- Stacks and suppressions ---- */

size_t seep_gate_depth(const struct seep_gate_stack *stack)
{
	size_t depth = 0;

	while (depth < stack->count && (!stack->frames[depth].own || strcmp(stack->frames[depth].function, "main")))
		depth++;
	return depth < stack->count ? depth + 1 : depth;
}

size_t seep_gate_lines(struct seep_verdict *v, const struct seep_gate_stack *stack, size_t first,
	struct seep_gate_line *lines, size_t max)
{
	size_t count = 0;

	for (size_t i = first; i < seep_gate_depth(stack) && count < max; i++)
		lines[count++] = (struct seep_gate_line){.function = stack->frames[i].function,
			.place = seep_gate_place(v, &stack->frames[i]),
			.inlined = stack->frames[i].inlined};
	return count;
}

const struct seep_suppression *seep_gate_unused(const struct seep_verdict *v, size_t *index)
{
	const struct seep_suppression *s;

	while (v->suppressions && (s = seep_suppressions_at(v->suppressions, (*index)++)))
		if (!s->used.count && !s->used.bytes)
			return s;
	return NULL;
}

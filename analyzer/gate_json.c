/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_json.c: the verdict for programs, in the schema seep-gate/1: docs/GATE.md says what each key means.
 */
#include <jansson.h>
#include <stdlib.h>

#include "gate_outputs.h"
#include "gate_view.h"

static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* SEEP_POLICY_UNSET becomes null. */
static json_t *limit(uint64_t value)
{
	return value == SEEP_POLICY_UNSET ? json_null() : number(value);
}

static json_t *amount(const struct seep_trace_count *of)
{
	return json_pack("{so so}", "bytes", number(of->bytes), "blocks", number(of->count));
}

static json_t *list_of(const char *const *sentences, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(sentences[i]));
	return list;
}

static json_t *budgets_of(const struct seep_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->budget_count; i++) {
		const struct seep_gate_budget *b = &v->budgets[i];

		json_array_append_new(list, json_pack("{ss? so so so ss? sb}", "component", b->component, "max_bytes",
						    limit(b->max_bytes), "max_blocks", limit(b->max_blocks), "used",
						    amount(&b->used), "process", b->process, "exceeded", b->exceeded));
	}
	return list;
}

static json_t *suppression_of(const struct seep_suppression *s)
{
	if (!s)
		return json_null();
	return json_pack("{ss ss ss? ss? sb so}", "name", s->name, "origin", s->origin, "owner", s->owner, "expires",
		s->expires, "expired", s->expired, "used", amount(&s->used));
}

static json_t *stack_of(struct seep_verdict *v, const struct seep_gate_stack *stack)
{
	json_t *list = json_array();

	for (size_t i = 0; i < stack->count; i++) {
		const struct seep_gate_frame *f = &stack->frames[i];
		bool below;
		const char *file = f->file ? seep_sources_name(v->sources, f->file, &below) : NULL;

		json_array_append_new(list, json_pack("{ss ss? so ss? sb}", "function", f->function, "file", file,
						    "line", f->line ? json_integer(f->line) : json_null(), "module",
						    *f->module ? f->module : NULL, "inlined", f->inlined));
	}
	return list;
}

static json_t *iterations_of(const struct seep_verdict *v, const struct seep_gate_site *site)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->runs; i++)
		json_array_append_new(list, amount(&site->at_iterations[i]));
	return list;
}

static json_t *site_of(struct seep_verdict *v, const struct seep_gate_site *s)
{
	json_t *site = json_pack("{ss si ss ss ss ss? so ss ss? so so so si ss ss? so so}", "id",
		seep_gate_text(v, "%016llx", (unsigned long long)s->id), "ordinal", (int)s->ordinal, "fate",
		seep_gate_fate_names[s->fate], "change", seep_gate_change_names[s->change], "function", s->function,
		"file", s->file, "line", s->line ? json_integer(s->line) : json_null(), "component",
		s->stack->component, "tag", s->stack->tag, "unfreed", amount(&s->unfreed), "total", amount(&s->total),
		"baseline", amount(&s->known), "processes", (int)s->processes, "process", s->process, "reason",
		s->reason, "suppression", suppression_of(s->suppression), "stack", stack_of(v, s->stack));

	if (site && v->policy->scales) {
		json_object_set_new(site, "at_iterations", iterations_of(v, s));
		json_object_set_new(site, "bytes_per_iteration", json_real(s->bytes_per_iteration));
		json_object_set_new(site, "blocks_per_iteration", json_real(s->blocks_per_iteration));
	}
	return site;
}

static json_t *runs_of(const struct seep_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->runs; i++)
		json_array_append_new(list, number(v->policy->iterations[i]));
	return list;
}

static json_t *sites_of(struct seep_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->site_count; i++)
		json_array_append_new(list, site_of(v, &v->sites[i]));
	return list;
}

static json_t *totals_of(const struct seep_verdict *v)
{
	json_t *totals = json_object();

	for (size_t fate = 0; seep_gate_fate_names[fate]; fate++)
		json_object_set_new(totals, seep_gate_fate_names[fate], amount(&v->by_fate[fate]));
	return totals;
}

static json_t *gone_of(struct seep_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->gone_count; i++)
		json_array_append_new(list,
			json_pack("{ss ss ss? so}", "id",
				seep_gate_text(v, "%016llx", (unsigned long long)v->gone[i].id), "function",
				v->gone[i].function, "file", v->gone[i].file, "baseline", amount(&v->gone[i].unfreed)));
	return list;
}

static json_t *suppressions_of(const struct seep_verdict *v)
{
	const struct seep_suppression *s;
	json_t *list = json_array();

	for (size_t i = 0; v->suppressions && (s = seep_suppressions_at(v->suppressions, i)); i++)
		json_array_append_new(list, suppression_of(s));
	return list;
}

int seep_gate_json_write(FILE *out, struct seep_verdict *v)
{
	static const char *const answers[] = {"pass", "leak", "inconclusive"};
	json_t *all = json_pack("{ss ss ss si so so so s{si si si si si} so so so s{so so ss? sb} so so so so}",
		"schema", "seep-gate/1", "verdict", answers[v->answer], "headline", seep_gate_headline(v), "exit_code",
		v->exit_code, "command_status", v->command_status < 0 ? json_null() : json_integer(v->command_status),
		"reasons", list_of(v->reasons, v->reason_count), "notes", list_of(v->notes, v->note_count), "processes",
		"judged", (int)v->judged, "not_own", (int)v->foreign, "unreliable", (int)v->unreliable, "executed",
		(int)v->executed, "without_mark", (int)v->unmarked, "allocations", number(v->allocations), "iterations",
		runs_of(v), "budgets", budgets_of(v), "peak", "max_bytes", limit(v->peak.max_bytes), "bytes",
		number(v->peak.bytes), "process", v->peak.process, "exceeded", v->peak.exceeded, "totals", totals_of(v),
		"gone", gone_of(v), "suppressions", suppressions_of(v), "sites", sites_of(v));
	char *text = all ? json_dumps(all, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;

	json_decref(all);
	if (!text)
		return -1;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}

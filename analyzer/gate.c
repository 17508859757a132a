/* SPDX-License-Identifier: Apache-2.0
 *
 * gate.c: the verdict: baseline, budgets, peak, and whether anything was measured at all. Called by cmd_gate.c. Growth with the
 * iterations is scale.c's.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "gate.h"
#include "gate_sites.h"
#include "scale.h"

#define REASONS_TOLD 10 /* of processes; the others are counted */

const char *const seep_gate_fate_names[] = {
	"leak", "within-budget", "in-baseline", "once", "suppressed", "start-memory", "not-own", NULL};
const char *const seep_gate_change_names[] = {"none", "new", "same", "grew", "shrank", NULL};

/* ---- Sentences ---- */

static int add_sentence(struct seep_verdict *v, const char ***list, size_t *count, size_t *capacity, const char *format,
	va_list arguments)
{
	char text[1000];
	const char *copy;

	vsnprintf(text, sizeof(text), format, arguments);
	copy = seep_arena_text(&v->arena, text, strlen(text));
	if (!copy || seep_array_reserve(list, capacity, *count + 1, sizeof(**list)) < 0)
		return -1;
	(*list)[(*count)++] = copy;
	return 0;
}

int seep_gate_reason(struct seep_verdict *v, const char *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = add_sentence(v, &v->reasons, &v->reason_count, &v->reason_capacity, format, arguments);
	va_end(arguments);
	return result;
}

int seep_gate_note(struct seep_verdict *v, const char *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = add_sentence(v, &v->notes, &v->note_count, &v->note_capacity, format, arguments);
	va_end(arguments);
	return result;
}

/* ---- Baseline and budgets ---- */

/* What of a group in one process is more than the baseline knows. */
static struct seep_trace_count excess_of(const struct seep_gate_case *c, struct seep_gate_group *group)
{
	const struct seep_baseline_site *known = c->baseline ? seep_baseline_find(c->baseline, group->id) : NULL;
	struct seep_trace_count excess = group->now;

	if (!known) {
		group->change = c->baseline ? SEEP_GATE_NEW : SEEP_GATE_NO_BASELINE;
		return excess;
	}
	group->known = known->unfreed;
	excess.bytes = excess.bytes > known->unfreed.bytes ? excess.bytes - known->unfreed.bytes : 0;
	excess.count = excess.count > known->unfreed.count ? excess.count - known->unfreed.count : 0;
	if (excess.bytes || excess.count)
		group->change = SEEP_GATE_GREW;
	else if (group->change != SEEP_GATE_GREW)
		group->change = SEEP_GATE_SAME;
	return excess;
}

static bool is_over(const struct seep_gate_budget *b, const struct seep_trace_count *used)
{
	return (b->max_bytes != SEEP_POLICY_UNSET && used->bytes > b->max_bytes) ||
	       (b->max_blocks != SEEP_POLICY_UNSET && used->count > b->max_blocks);
}

/* The budgets that count a group: its component's, and the whole's unless that is only for the rest. */
static size_t budgets_of(const struct seep_gate_case *c, const struct seep_gate_group *group, size_t numbers[2])
{
	size_t own = seep_policy_budget(c->policy, group->stack->component), count = 0;

	numbers[count++] = own;
	if (own && !c->policy->budgets[0].rest)
		numbers[count++] = 0;
	return count;
}

/* Holds what one process has against the budgets. `used` has room for one count a budget. */
static int judge_process(struct seep_gate_sites *s, const struct seep_gate_process *p, struct seep_trace_count *used)
{
	struct seep_verdict *v = s->verdict;
	size_t numbers[2];

	memset(used, 0, v->budget_count * sizeof(*used));
	for (size_t i = 0; i < s->touched_group_count; i++) {
		struct seep_gate_group *group = &v->groups[s->touched_groups[i]];
		struct seep_trace_count excess = excess_of(s->of, group);

		for (size_t n = budgets_of(s->of, group, numbers); n-- > 0;) {
			used[numbers[n]].bytes += excess.bytes;
			used[numbers[n]].count += excess.count;
		}
	}
	for (size_t b = 0; b < v->budget_count; b++) {
		struct seep_gate_budget *budget = &v->budgets[b];

		if (!budget->process || used[b].bytes > budget->used.bytes) {
			budget->process = seep_gate_process_label(v, p);
			budget->used.bytes = used[b].bytes;
		}
		if (used[b].count > budget->used.count)
			budget->used.count = used[b].count;
		if (!budget->process)
			return -1;
	}
	return 0;
}

/* What grew fails, and what made a budget overflow in this process: all of it, as nobody can say which byte was the one too many. */
static void blame(struct seep_gate_sites *s, const struct seep_trace_count *used)
{
	struct seep_verdict *v = s->verdict;
	size_t numbers[2];

	for (size_t b = 0; b < v->budget_count; b++)
		v->budgets[b].exceeded |= is_over(&v->budgets[b], &used[b]);
	for (size_t i = 0; i < s->touched_count; i++) {
		struct seep_gate_site *site = &v->sites[s->touched[i]];
		const struct seep_gate_group *group = site->group == SIZE_MAX ? NULL : &v->groups[site->group];

		if (!group)
			continue;
		if (group->change == SEEP_GATE_GREW)
			site->fate = SEEP_GATE_FAILS;
		for (size_t n = budgets_of(s->of, group, numbers); n-- > 0;)
			if (is_over(&v->budgets[numbers[n]], &used[numbers[n]]) && group->change != SEEP_GATE_SAME)
				site->fate = SEEP_GATE_FAILS;
	}
}

static int open_budgets(struct seep_verdict *v, const struct seep_policy *policy)
{
	v->budgets = calloc(policy->budget_count, sizeof(*v->budgets));
	if (!v->budgets)
		return -1;
	v->budget_count = policy->budget_count;
	for (size_t b = 0; b < policy->budget_count; b++)
		v->budgets[b] = (struct seep_gate_budget){
			.component = policy->budgets[b].component,
			.rest = policy->budgets[b].rest,
			.max_bytes = policy->budgets[b].max_bytes,
			.max_blocks = policy->budgets[b].max_blocks,
		};
	return 0;
}

static int judge_sites(struct seep_gate_sites *s)
{
	const struct seep_gate_measure *m = &s->of->measures[0];
	struct seep_trace_count *used = calloc(s->of->policy->budget_count, sizeof(*used));
	int result = used ? open_budgets(s->verdict, s->of->policy) : -1;

	for (size_t i = 0; i < m->count && result == 0; i++) {
		if (m->processes[i].state != SEEP_GATE_MEASURED)
			continue;
		result = seep_gate_sites_take(s, &m->processes[i]);
		if (result == 0)
			result = judge_process(s, &m->processes[i], used);
		if (result == 0)
			blame(s, used);
	}
	free(used);
	return result;
}

static bool is_group(const struct seep_verdict *v, uint64_t id)
{
	for (size_t i = 0; i < v->group_count; i++)
		if (v->groups[i].id == id)
			return true;
	return false;
}

/* What of the baseline no process had at all, or none as much. */
static int compare_baseline(struct seep_verdict *v, const struct seep_baseline *baseline)
{
	for (size_t i = 0; i < v->group_count; i++) {
		struct seep_gate_group *group = &v->groups[i];

		if (group->change == SEEP_GATE_SAME &&
			(group->unfreed.bytes < group->known.bytes || group->unfreed.count < group->known.count))
			group->change = SEEP_GATE_SHRANK;
	}
	for (size_t i = 0; i < v->site_count; i++) {
		struct seep_gate_site *site = &v->sites[i];

		if (site->group == SIZE_MAX)
			continue;
		site->change = v->groups[site->group].change;
		site->known = v->groups[site->group].known;
		if (site->fate == SEEP_GATE_WITHIN_BUDGET && site->change != SEEP_GATE_NEW)
			site->fate = SEEP_GATE_IN_BASELINE;
	}
	v->has_baseline = true;
	v->gone = calloc(baseline->count + 1, sizeof(*v->gone));
	if (!v->gone)
		return -1;
	for (size_t k = 0; k < baseline->count; k++)
		if (!is_group(v, baseline->sites[k].id))
			v->gone[v->gone_count++] = baseline->sites[k];
	return 0;
}

/* Only the project's own code, as what the system's is called differs from machine to machine. */
static void name_entry(
	struct seep_baseline_site *entry, const struct seep_gate_stack *stack, char *callers, size_t bytes)
{
	const struct seep_gate_frame *named = NULL;
	size_t at = 0;

	for (size_t i = stack->at; i < stack->count; i++) {
		const struct seep_gate_frame *f = &stack->frames[i];

		if (stack->own && !f->own)
			continue;
		if (!named)
			named = f;
		else if (at < bytes)
			at += (size_t)snprintf(callers + at, bytes - at, "%s%s", at ? " < " : "", f->function);
	}
	if (!named && stack->at < stack->count)
		named = &stack->frames[stack->at];
	entry->function = named ? named->function : "(no stack)";
	entry->callers = callers;
}

struct seep_baseline *seep_gate_baseline(const struct seep_verdict *v)
{
	struct seep_baseline *b = seep_baseline_create();

	for (size_t i = 0; b && i < v->group_count; i++) {
		const struct seep_gate_group *group = &v->groups[i];
		struct seep_baseline_site entry = {
			.id = group->id, .unfreed = group->unfreed, .component = group->stack->component};
		char callers[400] = "";

		name_entry(&entry, group->stack, callers, sizeof(callers));
		entry.file = seep_gate_sites_file(v->sources, group->stack);
		if (seep_baseline_add(b, &entry) < 0) {
			seep_baseline_free(b);
			return NULL;
		}
	}
	return b;
}

/* ---- Peak ---- */

static int judge_peak(struct seep_verdict *v, const struct seep_gate_case *c)
{
	v->peak.max_bytes = c->policy->max_peak;
	for (size_t m = 0; m < c->measure_count; m++)
		for (size_t i = 0; i < c->measures[m].count; i++) {
			const struct seep_gate_process *p = &c->measures[m].processes[i];

			if (p->state != SEEP_GATE_MEASURED || (v->peak.process && p->peak_bytes <= v->peak.bytes))
				continue;
			v->peak.bytes = p->peak_bytes;
			v->peak.process = seep_gate_process_label(v, p);
			if (!v->peak.process)
				return -1;
		}
	v->peak.exceeded = v->peak.max_bytes != SEEP_POLICY_UNSET && v->peak.bytes > v->peak.max_bytes;
	return 0;
}

/* ---- Whether anything was measured ---- */

static int count_processes(struct seep_verdict *v, const struct seep_gate_measure *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct seep_gate_process *p = &m->processes[i];

		switch (p->state) {
		case SEEP_GATE_MEASURED:
			v->judged++;
			v->allocations += p->allocations;
			break;
		case SEEP_GATE_UNRELIABLE:
			if (++v->unreliable <= REASONS_TOLD &&
				seep_gate_reason(v, "%s (%" PRIu32 "): %s", p->name, p->pid, p->reason) < 0)
				return -1;
			break;
		case SEEP_GATE_FOREIGN:
			v->foreign++;
			break;
		case SEEP_GATE_EXECUTED:
			v->executed++;
			break;
		case SEEP_GATE_UNMARKED:
			v->unmarked++;
			break;
		}
	}
	return 0;
}

static int reason_for_nothing(struct seep_verdict *v, const struct seep_gate_case *c)
{
	const char *mark = c->policy->since ? c->policy->since : c->policy->until;

	if (v->unmarked)
		return seep_gate_reason(v,
			"no process has the mark \"%s\": call seep_mark(\"%s\") of seep/seep.h in the program", mark,
			mark);
	if (v->foreign && c->policy->code.count)
		return seep_gate_reason(v, "no process ran code that --code names: its patterns match no file");
	if (v->foreign)
		return seep_gate_reason(v,
			"no process ran code of the project, only installed programs and libraries (--code 'PATTERN' "
			"says "
			"which of them to judge)");
	return seep_gate_reason(v, "no process was recorded to its end");
}

static bool any_judged(const struct seep_gate_measure *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->processes[i].state == SEEP_GATE_MEASURED)
			return true;
	return false;
}

/* Never green without a measurement. */
static int check_measured(struct seep_verdict *v, const struct seep_gate_case *c)
{
	if (v->unreliable > REASONS_TOLD &&
		seep_gate_reason(v, "%zu more processes for such reasons", v->unreliable - REASONS_TOLD) < 0)
		return -1;
	if (!v->judged)
		return v->reason_count ? 0 : reason_for_nothing(v, c);
	for (size_t m = 1; m < c->measure_count; m++)
		if (!any_judged(&c->measures[m]) &&
			seep_gate_reason(v, "the run with %" PRIu64 " iterations left nothing to compare with",
				c->iterations[m]) < 0)
			return -1;
	if (!v->allocations)
		return seep_gate_reason(
			v, "no allocation was seen in %s", v->judged == 1 ? "the process" : "any of the processes");
	for (size_t b = 1; b < c->policy->budget_count; b++) {
		bool seen = false;

		for (size_t m = 0; m < c->measure_count; m++)
			seen = seen || c->measures[m].seen[b];
		if (!seen &&
			seep_gate_reason(v,
				"the policy has a budget for the component \"%s\", and nothing was allocated in it: "
				"is it still called that?",
				c->policy->budgets[b].component) < 0)
			return -1;
	}
	return 0;
}

static int collect_notes(struct seep_verdict *v, const struct seep_gate_case *c)
{
	for (size_t m = 0; m < c->measure_count; m++)
		for (size_t i = 0; i < c->measures[m].remark_count; i++)
			if (seep_gate_note(v, "%s", c->measures[m].remarks[i]) < 0)
				return -1;
	return 0;
}

/* ---- All of it ---- */

static int judge(struct seep_verdict *v, struct seep_gate_sites *s)
{
	const struct seep_gate_case *c = s->of;

	if (c->reason && seep_gate_reason(v, "%s", c->reason) < 0)
		return -1;
	for (size_t m = 0; m < c->measure_count; m++)
		if (count_processes(v, &c->measures[m]) < 0)
			return -1;
	if (c->policy->scales ? seep_scale_judge(s) < 0 : judge_sites(s) < 0)
		return -1;
	if (c->baseline && !c->policy->scales && compare_baseline(v, c->baseline) < 0)
		return -1;
	if (judge_peak(v, c) < 0 || check_measured(v, c) < 0 || collect_notes(v, c) < 0)
		return -1;
	seep_gate_sites_finish(s);
	v->answer = v->fails || v->peak.exceeded ? SEEP_GATE_LEAK
		    : v->reason_count            ? SEEP_GATE_INCONCLUSIVE
						 : SEEP_GATE_PASS;
	seep_gate_conclude(v);
	return 0;
}

int seep_gate_judge(struct seep_verdict *v, const struct seep_gate_case *c, struct seep_error *error)
{
	struct seep_gate_sites sites;
	int result;

	*v = (struct seep_verdict){
		.policy = c->policy,
		.suppressions = c->suppressions,
		.sources = c->sources,
		.command_status = c->command_status,
		.runs = c->policy->scales ? c->measure_count : 0,
	};
	seep_gate_sites_open(&sites, v, c);
	result = judge(v, &sites);
	seep_gate_sites_close(&sites);
	return result < 0 ? seep_error_set(error, "out of memory for the verdict") : 0;
}

void seep_gate_conclude(struct seep_verdict *v)
{
	if (v->command_status > 0)
		v->exit_code = v->command_status;
	else if (v->answer == SEEP_GATE_LEAK)
		v->exit_code =
			v->policy->error_exitcode == SEEP_POLICY_UNSET ? SEEP_EXIT_NO : (int)v->policy->error_exitcode;
	else
		v->exit_code = v->answer == SEEP_GATE_PASS ? SEEP_EXIT_DONE : SEEP_EXIT_INCONCLUSIVE;
}

const char *seep_gate_place(struct seep_verdict *v, const struct seep_gate_frame *frame)
{
	char line[16] = "";
	const char *name;
	char *text;
	bool below;

	if (!frame->file && !*frame->module)
		return "";
	name = frame->file ? seep_sources_name(v->sources, frame->file, &below) : frame->module;
	text = name ? seep_arena_take(&v->arena, strlen(name) + sizeof(line) + 4) : NULL;
	if (!text)
		return "?";
	if (frame->file && frame->line)
		snprintf(line, sizeof(line), ":%u", frame->line);
	sprintf(text, "%s%s%s", frame->file ? "" : "in ", name, line);
	return text;
}

void seep_gate_clear(struct seep_verdict *v)
{
	free(v->reasons);
	free(v->notes);
	free(v->sites);
	free(v->groups);
	free(v->budgets);
	free(v->gone);
	seep_arena_clear(&v->arena);
	*v = (struct seep_verdict){0};
}

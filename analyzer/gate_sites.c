/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_sites.c: merges, and asks of each stack whether it is start-up memory, suppressed, or the project's at all. A stack is
 * asked about once, however many processes have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "gate_sites.h"

void seep_gate_sites_open(struct seep_gate_sites *s, struct seep_verdict *verdict, const struct seep_gate_case *of)
{
	*s = (struct seep_gate_sites){.verdict = verdict, .of = of};
}

const char *seep_gate_process_label(struct seep_verdict *v, const struct seep_gate_process *process)
{
	char text[300];

	snprintf(text, sizeof(text), "%s (%u)", process->name, process->pid);
	return seep_arena_text(&v->arena, text, strlen(text));
}

/* The suppression of a stack, in the files first and then among those that the program brings. -1: out of memory. */
static int match(struct seep_gate_sites *s, const struct seep_gate_process *process,
	const struct seep_gate_stack *stack, struct seep_suppression **found)
{
	bool added;
	uint32_t *number = seep_map_at(
		&s->matches, (uintptr_t)stack, (uintptr_t)process->brought, (uint32_t)s->matched_count, &added);

	if (!number)
		return -1;
	if (added) {
		if (seep_array_reserve(&s->matched, &s->matched_capacity, s->matched_count + 1,
			    sizeof(struct seep_suppression *)) < 0)
			return -1;
		*found = s->of->suppressions ? seep_suppressions_match(s->of->suppressions, stack) : NULL;
		if ((!*found || (*found)->expired) && process->brought) {
			struct seep_suppression *own = seep_suppressions_match(process->brought, stack);

			*found = own ? own : *found;
		}
		s->matched[s->matched_count++] = *found;
	}
	*found = s->matched[*number];
	return 0;
}

static int fate_of(struct seep_gate_sites *s, const struct seep_gate_process *process,
	const struct seep_gate_stack *stack, enum seep_gate_fate *fate, struct seep_suppression **suppression)
{
	const struct seep_policy *policy = s->of->policy;

	*suppression = NULL;
	*fate = SEEP_GATE_WITHIN_BUDGET;
	if (!process->own && !stack->own)
		*fate = SEEP_GATE_NOT_OWN;
	else if (stack->start_reason && !policy->no_builtin && !policy->scales)
		*fate = SEEP_GATE_START_MEMORY;
	if (*fate != SEEP_GATE_WITHIN_BUDGET)
		return 0;
	if (match(s, process, stack, suppression) < 0)
		return -1;
	if (*suppression && !(*suppression)->expired)
		*fate = SEEP_GATE_SUPPRESSED;
	return 0;
}

/* A frame in the reviewer's own files, from the one that names the site outwards; else the first with a file; else that one. */
static const struct seep_gate_frame *shown_frame(struct seep_sources *sources, const struct seep_gate_stack *stack)
{
	const struct seep_gate_frame *with_file = NULL;
	bool below;

	for (size_t i = stack->at; i < stack->count; i++) {
		const struct seep_gate_frame *f = &stack->frames[i];

		if (!f->file || !f->line)
			continue;
		if (f->own && seep_sources_name(sources, f->file, &below) && below)
			return f;
		if (!with_file)
			with_file = f;
	}
	return with_file ? with_file : stack->count ? &stack->frames[stack->at] : NULL;
}

const char *seep_gate_sites_file(struct seep_sources *sources, const struct seep_gate_stack *stack)
{
	const struct seep_gate_frame *shown = shown_frame(sources, stack);
	bool below;

	return shown && shown->file ? seep_sources_name(sources, shown->file, &below) : NULL;
}

/* Of two stacks with one id: the order in which traces came must not matter. */
static bool is_before(const struct seep_gate_stack *a, const struct seep_gate_stack *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		const struct seep_gate_frame *x = &a->frames[i], *y = &b->frames[i];
		int order = strcmp(x->file ? x->file : "", y->file ? y->file : "");

		if (!order)
			order = strcmp(x->function, y->function);
		if (order)
			return order < 0;
		if (x->line != y->line)
			return x->line < y->line;
	}
	return a->count < b->count;
}

/* What tells the sites of one id apart: fate and line. */
static uint64_t line_key(enum seep_gate_fate fate, const struct seep_gate_frame *shown)
{
	uint64_t file = shown && shown->file ? XXH3_64bits(shown->file, strlen(shown->file)) : 0;

	return (file << 4 ^ (uint64_t)(shown ? shown->line : 0) << 4) | (uint64_t)fate;
}

static struct seep_gate_site *site_at(
	struct seep_gate_sites *s, const struct seep_gate_stack *stack, enum seep_gate_fate fate)
{
	const struct seep_gate_frame *shown = shown_frame(s->of->sources, stack);
	struct seep_verdict *v = s->verdict;
	struct seep_gate_site *site;
	bool added;
	uint32_t *number = seep_map_at(&s->index, stack->id, line_key(fate, shown), (uint32_t)v->site_count, &added);

	if (!number || seep_array_reserve(&v->sites, &v->site_capacity, v->site_count + 1, sizeof(*v->sites)) < 0)
		return NULL;
	site = &v->sites[*number];
	if (!added)
		return site;
	v->site_count++;
	*site = (struct seep_gate_site){.id = stack->id, .fate = fate, .group = SIZE_MAX};
	if (shown && shown->file) {
		site->file = seep_sources_name(s->of->sources, shown->file, &site->below_root);
		site->line = shown->line;
	}
	return site;
}

static int group_at(struct seep_gate_sites *s, uint64_t id, size_t *group)
{
	struct seep_verdict *v = s->verdict;
	bool added;
	uint32_t *number = seep_map_at(&s->group_index, id, 0, (uint32_t)v->group_count, &added);

	if (!number || seep_array_reserve(&v->groups, &v->group_capacity, v->group_count + 1, sizeof(*v->groups)) < 0)
		return -1;
	*group = *number;
	if (added)
		v->groups[v->group_count++] = (struct seep_gate_group){.id = id};
	return 0;
}

static void add(struct seep_trace_count *sum, const struct seep_trace_count *more)
{
	sum->count += more->count;
	sum->bytes += more->bytes;
}

static int touch(size_t **list, size_t *count, size_t *capacity, size_t number)
{
	if (seep_array_reserve(list, capacity, *count + 1, sizeof(**list)) < 0)
		return -1;
	(*list)[(*count)++] = number;
	return 0;
}

/* Keeps the stack to be shown: the one with most bytes. */
static void show(const struct seep_gate_stack **shown, uint64_t *shown_bytes, const struct seep_gate_tally *tally)
{
	if (*shown && tally->unfreed.bytes < *shown_bytes)
		return;
	if (*shown && tally->unfreed.bytes == *shown_bytes && !is_before(tally->stack, *shown))
		return;
	*shown = tally->stack;
	*shown_bytes = tally->unfreed.bytes;
}

static int take_for_site(struct seep_gate_sites *s, struct seep_gate_site *site, const struct seep_gate_tally *tally)
{
	if (site->of_process != s->processes) {
		if (touch(&s->touched, &s->touched_count, &s->touched_capacity, (size_t)(site - s->verdict->sites)) < 0)
			return -1;
		site->of_process = s->processes;
		site->now = (struct seep_trace_count){0};
		site->processes++;
	}
	show(&site->stack, &site->stack_bytes, tally);
	site->reason = tally->stack->start_reason;
	add(&site->now, &tally->unfreed);
	return 0;
}

static int take_for_group(struct seep_gate_sites *s, struct seep_gate_site *site, const struct seep_gate_tally *tally)
{
	struct seep_gate_group *group;

	if (site->group == SIZE_MAX && group_at(s, site->id, &site->group) < 0)
		return -1;
	group = &s->verdict->groups[site->group];
	if (group->of_process != s->processes) {
		if (touch(&s->touched_groups, &s->touched_group_count, &s->touched_group_capacity, site->group) < 0)
			return -1;
		group->of_process = s->processes;
		group->now = (struct seep_trace_count){0};
	}
	show(&group->stack, &group->stack_bytes, tally);
	add(&group->now, &tally->unfreed);
	return 0;
}

static int take_tally(
	struct seep_gate_sites *s, const struct seep_gate_process *process, const struct seep_gate_tally *tally)
{
	struct seep_suppression *suppression;
	struct seep_gate_site *site;
	enum seep_gate_fate fate;

	if (fate_of(s, process, tally->stack, &fate, &suppression) < 0)
		return -1;
	site = site_at(s, tally->stack, fate);
	if (!site || take_for_site(s, site, tally) < 0)
		return -1;
	if (!site->suppression)
		site->suppression = suppression;
	if (fate == SEEP_GATE_SUPPRESSED)
		add(&suppression->used, &tally->unfreed);
	return fate == SEEP_GATE_WITHIN_BUDGET ? take_for_group(s, site, tally) : 0;
}

static void raise(struct seep_trace_count *most, const struct seep_trace_count *now)
{
	if (now->bytes > most->bytes)
		most->bytes = now->bytes;
	if (now->count > most->count)
		most->count = now->count;
}

int seep_gate_sites_take(struct seep_gate_sites *s, const struct seep_gate_process *process)
{
	s->processes++;
	s->touched_count = s->touched_group_count = 0;
	for (size_t i = 0; i < process->tally_count; i++)
		if (take_tally(s, process, &process->tallies[i]) < 0)
			return -1;
	for (size_t i = 0; i < s->touched_count; i++) {
		struct seep_gate_site *site = &s->verdict->sites[s->touched[i]];

		if (!site->process || site->now.bytes > site->unfreed.bytes)
			site->process = seep_gate_process_label(s->verdict, process);
		raise(&site->unfreed, &site->now);
		add(&site->total, &site->now);
		if (!site->process)
			return -1;
	}
	for (size_t i = 0; i < s->touched_group_count; i++) {
		struct seep_gate_group *group = &s->verdict->groups[s->touched_groups[i]];

		raise(&group->unfreed, &group->now);
	}
	return 0;
}

/* ---- At the end ---- */

static int by_line(const void *left, const void *right)
{
	const struct seep_gate_site *a = left, *b = right;

	if (a->id != b->id)
		return (a->id > b->id) - (a->id < b->id);
	if (a->fate != b->fate)
		return (a->fate > b->fate) - (a->fate < b->fate);
	return (a->line > b->line) - (a->line < b->line);
}

static int by_weight(const void *left, const void *right)
{
	const struct seep_gate_site *a = left, *b = right;

	if (a->fate != b->fate)
		return (a->fate > b->fate) - (a->fate < b->fate);
	if (a->bytes_per_iteration < b->bytes_per_iteration || a->bytes_per_iteration > b->bytes_per_iteration)
		return a->bytes_per_iteration < b->bytes_per_iteration ? 1 : -1;
	if (a->unfreed.bytes != b->unfreed.bytes)
		return a->unfreed.bytes < b->unfreed.bytes ? 1 : -1;
	if (a->unfreed.count != b->unfreed.count)
		return a->unfreed.count < b->unfreed.count ? 1 : -1;
	return by_line(left, right);
}

void seep_gate_sites_finish(struct seep_gate_sites *s)
{
	struct seep_verdict *v = s->verdict;

	memset(v->by_fate, 0, sizeof(v->by_fate));
	for (size_t i = 0; i < v->site_count; i++) {
		struct seep_gate_site *site = &v->sites[i];

		site->at = site->stack->count ? &site->stack->frames[site->stack->at] : NULL;
		site->function = site->at ? site->at->function : "(no stack)";
		add(&v->by_fate[site->fate], s->of->policy->scales ? &site->unfreed : &site->total);
		v->fails += site->fate == SEEP_GATE_FAILS;
	}
	if (!v->site_count)
		return;
	qsort(v->sites, v->site_count, sizeof(*v->sites), by_line);
	for (size_t i = 0; i < v->site_count; i++)
		v->sites[i].ordinal = i && v->sites[i].id == v->sites[i - 1].id ? v->sites[i - 1].ordinal + 1 : 1;
	qsort(v->sites, v->site_count, sizeof(*v->sites), by_weight);
}

void seep_gate_sites_close(struct seep_gate_sites *s)
{
	seep_map_clear(&s->index);
	seep_map_clear(&s->group_index);
	seep_map_clear(&s->matches);
	free(s->matched);
	free(s->touched);
	free(s->touched_groups);
}

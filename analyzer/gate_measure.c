/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_measure.c: one trace after the other is opened, looked through and closed again; what stays are the stacks, shared, and a
 * tally for each of them in each process.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "births.h"
#include "endings.h"
#include "gate_measure.h"
#include "own_code.h"
#include "program_suppressions.h"
#include "reader.h"
#include "remarks.h"

struct seep_brought {
	const char *path;
	uint8_t build_id[20];
	struct seep_suppressions *suppressions; /* NULL: none */
};

int seep_gate_measure_open(struct seep_gate_measure *m, const struct seep_policy *policy,
	struct seep_gate_stacks *stacks, struct seep_error *error)
{
	*m = (struct seep_gate_measure){.policy = policy, .stacks = stacks};
	m->seen = calloc(policy->budget_count + 1, sizeof(*m->seen));
	return m->seen ? 0 : seep_error_set(error, "out of memory");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static int no_memory(const char *name, struct seep_error *error)
{
	return seep_error_set(error, "%s: out of memory for its figures", name);
}

/* Makes the process unreliable, for the first reason that is told. */
static int __attribute__((format(printf, 3, 4)))
distrust(struct seep_gate_measure *m, struct seep_gate_process *p, const char *format, ...)
{
	char text[600];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	p->state = SEEP_GATE_UNRELIABLE;
	p->reason = seep_gate_stacks_keep(m->stacks, text);
	return p->reason ? 0 : -1;
}

/* ---- Whether a verdict can be built on it ---- */

/* The weightiest thing that is wrong with the trace, as a sentence. */
static int distrust_damage(struct seep_gate_measure *m, struct seep_gate_process *p, const struct seep_trace *t)
{
	struct seep_remarks remarks;
	int result = seep_remarks_collect(&remarks, t, NULL);

	if (result == 0)
		result = distrust(m, p, "its trace is not complete: %s",
			remarks.grave ? remarks.sentences[0] : "something is missing in it");
	seep_remarks_clear(&remarks);
	return result;
}

static int check_end(struct seep_gate_measure *m, struct seep_gate_process *p, const struct seep_trace *t)
{
	struct seep_ending ending;

	if (t->state == SEEP_TRACE_RUNNING)
		return distrust(m, p, "it is still running, so nothing can be said of what it will free");
	if (!t->has_end)
		return distrust_damage(m, p, t);
	switch (t->end.how) {
	case SEEP_END_EXITED:
		return 0;
	case SEEP_END_EXEC:
		p->state = SEEP_GATE_EXECUTED;
		return 0;
	case SEEP_END_KILLED:
		return distrust(m, p, "it %s, and could not free what it would have freed", seep_ending_of(&ending, t));
	default:
		return distrust(m, p, "its recording was stopped before it ended");
	}
}

static int check_figures(struct seep_gate_measure *m, struct seep_gate_process *p, const struct seep_trace *t)
{
	if (t->process.sample_bytes)
		return distrust(m, p,
			"only a sample of its blocks was recorded (one in %" PRIu64
			" bytes), and that is no proof of anything: record without --sample",
			t->process.sample_bytes);
	if (t->totals.dropped_events)
		return distrust(m, p,
			"%" PRIu64 " events were dropped while it was recorded: record with --on-full=wait",
			t->totals.dropped_events);
	if (t->totals.unrecorded)
		return distrust(m, p, "%" PRIu64 " of its allocations and frees met a limit of the recorder",
			t->totals.unrecorded);
	if (t->end.live_left_out)
		return distrust(m, p,
			"the sizes and ages of its unfreed blocks are not in the trace: give --max-trace, or its "
			"collector, more room");
	return seep_trace_complete(t) ? 0 : distrust_damage(m, p, t);
}

/* ---- Suppressions that programs bring ---- */

static int remark(struct seep_gate_measure *m, const char *text)
{
	const char *kept = seep_gate_stacks_keep(m->stacks, text);

	if (!kept || seep_array_reserve(&m->remarks, &m->remark_capacity, m->remark_count + 1, sizeof(*m->remarks)) < 0)
		return -1;
	m->remarks[m->remark_count++] = kept;
	return 0;
}

static const struct seep_module *executable_of(const struct seep_trace *t)
{
	for (size_t i = 0; i < t->module_count; i++)
		if (!strcmp(t->modules[i].path, t->process.executable))
			return &t->modules[i];
	return NULL;
}

/* Text from the trace itself comes first: the program has said so. */
static int read_brought(struct seep_gate_measure *m, const struct seep_trace *t, const struct seep_module *executable,
	struct seep_suppressions **brought)
{
	char *text = NULL, name[300];
	struct seep_error error;
	const char *said = NULL;
	int result = 0;

	for (size_t i = 0; i < t->note_count; i++)
		if (t->notes[i].code == SEEP_NOTE_SUPPRESSIONS)
			said = t->notes[i].text;
	if (!said && seep_program_suppressions(executable, &text, &error) < 0)
		return remark(m, error.text);
	if (!said && !text)
		return 0;
	*brought = seep_suppressions_create(NULL);
	snprintf(name, sizeof(name), "%s's own", base_name(executable->path));
	if (!*brought)
		result = -1;
	else if (seep_suppressions_read_text(*brought, name, said ? said : text, &error) < 0)
		result = remark(m, error.text);
	free(text);
	return result;
}

static int find_brought(struct seep_gate_measure *m, struct seep_gate_process *p, const struct seep_trace *t)
{
	const struct seep_module *executable = executable_of(t);
	struct seep_brought *b;

	if (!executable)
		return 0;
	for (size_t i = 0; i < m->brought_count; i++) {
		b = &m->brought[i];
		if (!strcmp(b->path, executable->path) &&
			!memcmp(b->build_id, executable->build_id, sizeof(b->build_id))) {
			p->brought = b->suppressions;
			return 0;
		}
	}
	if (seep_array_reserve(&m->brought, &m->brought_capacity, m->brought_count + 1, sizeof(*m->brought)) < 0)
		return -1;
	b = &m->brought[m->brought_count];
	*b = (struct seep_brought){.path = seep_gate_stacks_keep(m->stacks, executable->path)};
	memcpy(b->build_id, executable->build_id, sizeof(b->build_id));
	if (!b->path || read_brought(m, t, executable, &b->suppressions) < 0) {
		seep_suppressions_free(b->suppressions);
		return -1;
	}
	m->brought_count++;
	p->brought = b->suppressions;
	return 0;
}

/* ---- What is unfreed ---- */

/* The slice of time from the first mark `since` to the last mark `until`, or what is wrong with it. */
static int find_slice(struct seep_gate_measure *m, struct seep_gate_process *p, const struct seep_trace *t,
	uint64_t *from, uint64_t *to)
{
	const char *since = m->policy->since, *until = m->policy->until;
	bool began = false, ended = false;

	*from = 0;
	*to = UINT64_MAX;
	for (size_t i = 0; i < t->note_count; i++) {
		const struct seep_note *note = &t->notes[i];

		if (note->code != SEEP_NOTE_MARK)
			continue;
		if (since && !began && !strcmp(note->text, since)) {
			began = true;
			*from = note->time_ns;
		}
		if (until && !strcmp(note->text, until)) {
			ended = true;
			*to = note->time_ns;
		}
	}
	if (!began && !ended)
		p->state = SEEP_GATE_UNMARKED;
	else if (since && !began)
		return distrust(m, p, "it has the mark \"%s\", but not \"%s\" before it", until, since);
	else if (until && !ended)
		return distrust(m, p, "it has the mark \"%s\", but not \"%s\" after it", since, until);
	else if (*from > *to)
		return distrust(m, p, "its last mark \"%s\" comes before its first mark \"%s\"", until, since);
	return 0;
}

/* counts[i] is what of site i is to be judged. */
static int count_sites(struct seep_gate_measure *m, struct seep_gate_process *p, struct seep_trace *t,
	struct seep_trace_count *counts, struct seep_error *error)
{
	uint64_t from, to;

	if (!m->policy->since && !m->policy->until) {
		for (size_t i = 0; i < t->site_count; i++)
			counts[i] = t->sites[i].live;
		return 0;
	}
	if (find_slice(m, p, t, &from, &to) < 0)
		return no_memory(t->name, error);
	return p->state == SEEP_GATE_MEASURED ? seep_births_between(t, from, to, counts, error) : 0;
}

static int take_sites(struct seep_gate_measure *m, struct seep_gate_process *p, struct seep_trace *t,
	const struct seep_trace_count *counts, struct seep_error *error)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->site_count; i++)
		kept += counts[i].count || counts[i].bytes;
	p->tallies = calloc(kept + 1, sizeof(*p->tallies));
	if (!p->tallies)
		return no_memory(t->name, error);
	for (size_t i = 0; i < t->site_count; i++) {
		struct seep_gate_tally *tally = &p->tallies[p->tally_count];

		if (!counts[i].count && !counts[i].bytes)
			continue;
		if (seep_gate_stacks_of(m->stacks, &t->sites[i], &tally->stack, error) < 0)
			return -1;
		tally->unfreed = counts[i];
		p->tally_count++;
	}
	return 0;
}

/* Looks for components that have a budget, among all that was allocated, until each was seen once: a budget for a component
 * that does not exist guards nothing. */
static int look_for_components(
	struct seep_gate_measure *m, const struct seep_gate_process *p, struct seep_trace *t, struct seep_error *error)
{
	size_t missing = 0;

	for (size_t b = 1; b < m->policy->budget_count; b++)
		missing += !m->seen[b];
	for (size_t i = 0; i < t->site_count && missing; i++) {
		struct seep_gate_stack *stack;

		if (seep_gate_stacks_of(m->stacks, &t->sites[i], &stack, error) < 0)
			return -1;
		for (size_t b = 1; b < m->policy->budget_count; b++)
			if (!m->seen[b] && (p->own || stack->own) &&
				!strcmp(m->policy->budgets[b].component, stack->component)) {
				m->seen[b] = true;
				missing--;
			}
	}
	return 0;
}

static int measure_sites(
	struct seep_gate_measure *m, struct seep_gate_process *p, struct seep_trace *t, struct seep_error *error)
{
	struct seep_trace_count *counts = calloc(t->site_count + 1, sizeof(*counts));
	int result;

	if (!counts)
		return no_memory(t->name, error);
	result = count_sites(m, p, t, counts, error);
	if (result == 0 && p->state == SEEP_GATE_MEASURED)
		result = take_sites(m, p, t, counts, error);
	free(counts);
	if (result == 0)
		result = look_for_components(m, p, t, error);
	return result;
}

static int measure(
	struct seep_gate_measure *m, struct seep_gate_process *p, struct seep_trace *t, struct seep_error *error)
{
	/* A trace whose beginning is lost may be anybody's. */
	if (!p->own && !seep_gate_stacks_own_trace(m->stacks) && t->has_process &&
		(t->module_count || seep_trace_complete(t))) {
		p->state = SEEP_GATE_FOREIGN;
		return 0;
	}
	if (check_end(m, p, t) < 0 || (p->state == SEEP_GATE_MEASURED && check_figures(m, p, t) < 0))
		return no_memory(t->name, error);
	if (p->state != SEEP_GATE_MEASURED)
		return 0;
	if (find_brought(m, p, t) < 0)
		return no_memory(t->name, error);
	return measure_sites(m, p, t, error);
}

static struct seep_gate_process *add_process(struct seep_gate_measure *m, const char *trace, const char *name)
{
	struct seep_gate_process *p;

	if (seep_array_reserve(&m->processes, &m->capacity, m->count + 1, sizeof(*m->processes)) < 0)
		return NULL;
	p = &m->processes[m->count];
	*p = (struct seep_gate_process){
		.trace = seep_gate_stacks_keep(m->stacks, trace), .name = seep_gate_stacks_keep(m->stacks, name)};
	if (!p->trace || !p->name)
		return NULL;
	m->count++;
	return p;
}

int seep_gate_measure_add(struct seep_gate_measure *m, const char *path, struct seep_error *error)
{
	struct seep_gate_process *p;
	struct seep_trace *t;
	int result;

	if (seep_trace_read(&t, path, NULL, error) < 0)
		return -1;
	p = add_process(m, path, t->has_process ? base_name(t->process.executable) : base_name(path));
	if (!p) {
		seep_trace_free(t);
		return no_memory(path, error);
	}
	p->pid = t->process.pid;
	p->allocations = t->totals.allocated.count;
	p->unfreed = t->totals.unfreed;
	p->peak_bytes = t->totals.peak_live_bytes;
	p->signal = t->has_end && t->end.how == SEEP_END_KILLED ? t->end.signal : 0;
	p->own = seep_gate_stacks_own_path(m->stacks, t->process.executable);
	result = seep_gate_stacks_begin(m->stacks, t, error);
	if (result == 0) {
		result = measure(m, p, t, error);
		if (seep_gate_stacks_end(m->stacks) < 0 && result == 0)
			result = no_memory(path, error);
	}
	seep_trace_free(t);
	return result;
}

int seep_gate_measure_missing(struct seep_gate_measure *m, const char *name, uint32_t pid, const char *reason)
{
	struct seep_gate_process *p = add_process(m, "", name);

	if (!p)
		return -1;
	p->pid = pid;
	return distrust(m, p, "%s", reason);
}

void seep_gate_measure_close(struct seep_gate_measure *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->processes[i].tallies);
	for (size_t i = 0; i < m->brought_count; i++)
		seep_suppressions_free(m->brought[i].suppressions);
	free(m->processes);
	free(m->brought);
	free(m->seen);
	free(m->remarks);
	*m = (struct seep_gate_measure){0};
}

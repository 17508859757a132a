/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_text.c: text for people. Called by cmd_gate.c, which sends it to stderr beside a command's own output, and to stdout otherwise.
 */
#include <string.h>

#include "gate_text.h"
#include "gate_view.h"
#include "printable.h"

#define SITES_SHOWN 20
#define FRAMES_SHOWN 30
#define FUNCTION_COLUMNS_MAX 56
#define UNUSED_SHOWN 10

struct writer {
	FILE *out;
	const struct seep_output *output;
	struct seep_verdict *v;
};

static const char *style(const struct writer *w, enum seep_style style)
{
	return seep_output_style(w->output, style);
}

static void put_excerpt(const struct writer *w, const struct seep_gate_site *site)
{
	struct seep_source_line lines[SEEP_SOURCE_LINES];
	size_t count = site->file ? seep_sources_around(w->v->sources, site->file, site->line, lines) : 0;

	for (size_t i = 0; i < count; i++)
		fprintf(w->out, "   %s %5u | %s\n", lines[i].number == site->line ? ">" : " ", lines[i].number,
			lines[i].text);
}

static void put_stack(const struct writer *w, const struct seep_gate_stack *stack)
{
	struct seep_gate_line lines[FRAMES_SHOWN];
	size_t count = seep_gate_lines(w->v, stack, 0, lines, FRAMES_SHOWN), column = 0;

	for (size_t i = 0; i < count; i++) {
		size_t columns = seep_columns(lines[i].function);

		if (columns > column && columns <= FUNCTION_COLUMNS_MAX)
			column = columns;
	}
	for (size_t i = 0; i < count; i++) {
		size_t columns = seep_columns(lines[i].function);

		fprintf(w->out, "   %s%*s  %s%s%s%s\n", lines[i].function,
			(int)(columns < column ? column - columns : 0), "", style(w, SEEP_STYLE_FAINT), lines[i].place,
			lines[i].inlined ? " (inlined)" : "", style(w, SEEP_STYLE_PLAIN));
	}
	if (seep_gate_depth(stack) > count)
		fprintf(w->out, "   and %zu more frames\n", seep_gate_depth(stack) - count);
}

/* "at 100: 64 bytes in 2 blocks, at 200: 128 bytes in 4 blocks" */
static void put_runs(const struct writer *w, const struct seep_gate_site *site)
{
	const uint64_t *iterations = w->v->policy->iterations;

	for (size_t i = 0; i < w->v->runs; i++)
		fprintf(w->out, "%s%llu: %s", i ? ", at " : "   at ", (unsigned long long)iterations[i],
			seep_gate_amount(w->v, &site->at_iterations[i]));
	if (w->v->runs)
		fputc('\n', w->out);
}

static void put_site(const struct writer *w, const struct seep_gate_site *site, size_t number)
{
	const char *change = seep_gate_change(w->v, site);

	fprintf(w->out, "\n%zu. %s%s%s", number, style(w, SEEP_STYLE_STRONG), seep_gate_leaked(w->v, site),
		style(w, SEEP_STYLE_PLAIN));
	fprintf(w->out, ": %s", site->function);
	if (site->file)
		fprintf(w->out, ", %s:%u", site->file, site->line);
	fprintf(w->out, "\n   component %s", site->stack->component);
	if (site->stack->tag)
		fprintf(w->out, ", tag %s", site->stack->tag);
	if (!w->v->runs && (site->processes > 1 || w->v->judged > 1))
		fprintf(w->out, ", most of it in %s", site->process);
	if (*change)
		fprintf(w->out, "; %s%s%s", style(w, SEEP_STYLE_WARNING), change, style(w, SEEP_STYLE_PLAIN));
	fputc('\n', w->out);
	put_runs(w, site);
	put_excerpt(w, site);
	put_stack(w, site->stack);
}

static void put_fails(const struct writer *w)
{
	size_t shown = w->v->fails < SITES_SHOWN ? w->v->fails : SITES_SHOWN;

	for (size_t i = 0; i < shown; i++)
		put_site(w, &w->v->sites[i], i + 1);
	if (shown < w->v->fails)
		fprintf(w->out, "\nand %zu more sites\n", w->v->fails - shown);
}

/* ---- What does not fail ---- */

static const char *why(const struct writer *w, const struct seep_gate_site *site)
{
	if (site->fate == SEEP_GATE_START_MEMORY)
		return site->reason;
	if (site->fate == SEEP_GATE_SUPPRESSED)
		return seep_gate_text(w->v, "%s at %s", site->suppression->name, site->suppression->origin);
	return "";
}

static void put_others(const struct writer *w, bool verbose)
{
	static const char *const titles[] = {[SEEP_GATE_WITHIN_BUDGET] = "Within budget",
		[SEEP_GATE_IN_BASELINE] = "In the baseline",
		[SEEP_GATE_ONCE] = "Not growing",
		[SEEP_GATE_SUPPRESSED] = "Suppressed",
		[SEEP_GATE_START_MEMORY] = "Start-up memory of the runtime",
		[SEEP_GATE_NOT_OWN] = "In code that is not the project's"};
	const struct seep_verdict *v = w->v;
	size_t i = v->fails;

	while (i < v->site_count) {
		enum seep_gate_fate fate = v->sites[i].fate;
		size_t first = i;

		while (i < v->site_count && v->sites[i].fate == fate)
			i++;
		if (!verbose && (fate == SEEP_GATE_START_MEMORY || fate == SEEP_GATE_NOT_OWN))
			continue;
		fprintf(w->out, "%s: %s at %zu site%s\n", titles[fate], seep_gate_amount(w->v, &v->by_fate[fate]),
			i - first, i - first == 1 ? "" : "s");
		for (size_t k = first; verbose && k < i; k++) {
			const char *reason = why(w, &v->sites[k]);

			fprintf(w->out, "   %s: %s%s%s%s%s\n", seep_gate_leaked(w->v, &v->sites[k]),
				v->sites[k].function, v->sites[k].file ? " in " : "",
				v->sites[k].file ? v->sites[k].file : "", *reason ? "; " : "", reason);
		}
	}
}

static void put_budgets(const struct writer *w, bool verbose)
{
	struct seep_verdict *v = w->v;

	for (size_t b = 0; b < v->budget_count; b++)
		if ((v->budgets[b].exceeded && v->budget_count > 1) || verbose)
			fprintf(w->out, "Budget of %s: %s%s%s\n", seep_gate_budget_name(v, &v->budgets[b]),
				seep_gate_budget_use(v, &v->budgets[b]), v->budgets[b].process ? ", in " : "",
				v->budgets[b].process ? v->budgets[b].process : "");
	if (v->peak.exceeded && v->fails)
		fprintf(w->out, "Peak: %s held %llu bytes, of at most %llu\n", v->peak.process,
			(unsigned long long)v->peak.bytes, (unsigned long long)v->peak.max_bytes);
}

static void put_baseline(const struct writer *w)
{
	struct seep_verdict *v = w->v;
	size_t shrank = 0;

	for (size_t i = 0; i < v->gone_count; i++)
		fprintf(w->out, "Gone, and can be taken out of the baseline: %s, %s%s%s\n",
			seep_gate_amount(v, &v->gone[i].unfreed), v->gone[i].function, v->gone[i].file ? " in " : "",
			v->gone[i].file ? v->gone[i].file : "");
	for (size_t i = 0; i < v->site_count; i++)
		shrank += v->sites[i].change == SEEP_GATE_SHRANK;
	if (shrank)
		fprintf(w->out, "%zu site%s of the baseline leak%s less than it allows\n", shrank,
			shrank == 1 ? "" : "s", shrank == 1 ? "s" : "");
	if (!v->baseline_updated && (v->gone_count || shrank))
		fprintf(w->out, "--update-baseline writes it anew\n");
}

static void put_suppressions(const struct writer *w, bool verbose)
{
	const struct seep_suppression *s;
	size_t unused = 0, shown;

	for (size_t i = 0; w->v->suppressions && (s = seep_suppressions_at(w->v->suppressions, i)); i++) {
		if (s->used.count || s->used.bytes)
			fprintf(w->out, "   %s: %s at %s%s%s\n", seep_gate_amount(w->v, &s->used), s->name, s->origin,
				s->expires ? ", until " : "", s->expires ? s->expires : "");
		else
			unused++;
	}
	shown = verbose || unused <= UNUSED_SHOWN ? unused : 0;
	if (unused > shown)
		fprintf(w->out, "%zu suppressions were not used (--verbose lists them)\n", unused);
	for (size_t index = 0; shown && (s = seep_gate_unused(w->v, &index));)
		fprintf(w->out, "Suppression not used: %s at %s%s%s\n", s->name, s->origin,
			s->expired ? ", expired on " : "", s->expired ? s->expires : "");
}

static void put_sentences(const struct writer *w)
{
	const struct seep_verdict *v = w->v;

	for (size_t i = v->answer == SEEP_GATE_INCONCLUSIVE ? 1 : 0; i < v->reason_count; i++)
		fprintf(w->out, "%sNot measured:%s %s\n", style(w, SEEP_STYLE_WARNING), style(w, SEEP_STYLE_PLAIN),
			v->reasons[i]);
	for (size_t i = 0; i < v->note_count; i++)
		fprintf(w->out, "Note: %s\n", v->notes[i]);
}

void seep_gate_text_write(
	const struct seep_output *output, struct seep_verdict *v, const struct seep_gate_text_options *options)
{
	const struct writer w = {output->stream, output, v};

	if (options->quiet && v->answer == SEEP_GATE_PASS && v->command_status <= 0)
		return;
	fprintf(w.out, "seep gate: %s%s%s\n",
		style(&w, v->answer == SEEP_GATE_PASS ? SEEP_STYLE_STRONG : SEEP_STYLE_WARNING), seep_gate_headline(v),
		style(&w, SEEP_STYLE_PLAIN));
	put_sentences(&w);
	put_fails(&w);
	if (v->fails)
		fputc('\n', w.out);
	put_budgets(&w, options->verbose);
	put_baseline(&w);
	put_others(&w, options->verbose);
	put_suppressions(&w, options->verbose);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * text.c: for the person on call: the first line answers, the next ones qualify, the rest shows where to look. Called by
 * cmd_report.c.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "endings.h"
#include "pen.h"
#include "printable.h"
#include "remarks.h"
#include "table.h"
#include "text.h"
#include "text_stack.h"
#include "units.h"

#define SENTENCE_PLACE_COLUMNS 60
#define NOTES_SHOWN 2 /* before the table; the others come last */

/* How each sort is spoken of. */
static const struct words {
	const char *noun; /* "4.1 MiB unfreed" */
	const char *bytes_title;
	const char *blocks_title;
	const char *none; /* where it is put_nothing that says it: NULL */
} words[] = {
	[SEEP_SORT_UNFREED] = {"unfreed", "UNFREED", "BLOCKS", NULL},
	[SEEP_SORT_ALLOCATED] = {"allocated", "ALLOCATED", "CALLS", "Nothing was allocated"},
	[SEEP_SORT_COUNT] = {"unfreed", "UNFREED", "BLOCKS", NULL},
	[SEEP_SORT_PEAK] = {"at the peak", "PEAK", "BLOCKS NOW", "Nothing was ever live"},
};

struct writer {
	struct seep_pen pen;
	const struct seep_output *out;
	const struct seep_report *report;
};

static const char *style(const struct writer *w, enum seep_style kind)
{
	return seep_pen_style(&w->pen, kind);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* What a row is called in a sentence: "user_load (src/user.c:87)". */
static void put_site(struct writer *w, const struct seep_row *row)
{
	const char *at = seep_pen_place(&w->pen, &row->at, SENTENCE_PLACE_COLUMNS);

	fprintf(w->out->stream, "%s%s%s", style(w, SEEP_STYLE_STRONG), seep_pen_safe(&w->pen, row->at.function),
		style(w, SEEP_STYLE_PLAIN));
	if (*at)
		fprintf(w->out->stream, " (%s)", at);
}

/* Where it tells more than the place does. */
static void put_component(struct writer *w, const struct seep_row *row)
{
	if (w->report->options.by == SEEP_BY_SITE && *row->component && strcmp(row->component, row->at.module) != 0)
		fprintf(w->out->stream, ", component %s", seep_pen_safe(&w->pen, row->component));
}

/* Whether the report's figures have known errors: those of what is unfreed in a sampled trace. */
static bool has_errors(const struct seep_report *r)
{
	return seep_trace_knows_errors(r->trace) &&
	       (r->options.sort == SEEP_SORT_UNFREED || r->options.sort == SEEP_SORT_COUNT);
}

/* "4.1 MiB", and for an estimate "4.1 MiB +/- 300.0 KiB"; and the same for blocks. */
static const char *bytes_text(struct writer *w, uint64_t bytes, double variance)
{
	struct seep_unit estimate, error;
	char text[80];

	seep_unit_bytes(&estimate, bytes);
	snprintf(
		text, sizeof(text), "%s +/- %s", estimate.text, seep_unit_bytes(&error, seep_sampling_error(variance)));
	return seep_pen_keep(&w->pen, has_errors(w->report) ? text : estimate.text);
}

static const char *blocks_text(struct writer *w, uint64_t count, double variance)
{
	struct seep_unit estimate, error;
	char text[80];

	seep_unit_count(&estimate, count);
	if (has_errors(w->report))
		snprintf(text, sizeof(text), "%s +/- %s blocks", estimate.text,
			seep_unit_count(&error, seep_sampling_error(variance)));
	else
		snprintf(text, sizeof(text), "%s block%s", estimate.text, seep_plural(count));
	return seep_pen_keep(&w->pen, text);
}

/* What rows are ordered by. */
static uint64_t weight(const struct seep_report *r, const struct seep_trace_count *of)
{
	return r->options.sort == SEEP_SORT_COUNT ? of->count : of->bytes;
}

static void put_top(struct writer *w, const struct seep_row *row)
{
	const struct seep_report *r = w->report;
	struct seep_trace_count of = seep_report_measure(r, row);
	struct seep_unit share, bytes;
	FILE *out = w->out->stream;

	if (r->options.sort == SEEP_SORT_PEAK) {
		fprintf(out, "the highest peak, %s, had ", seep_unit_bytes(&bytes, of.bytes));
	} else {
		uint64_t part = weight(r, &of), whole = weight(r, &r->matched);

		fprintf(out, "%s of %s ", part == whole ? "all" : seep_unit_share(&share, part, whole),
			r->options.sort == SEEP_SORT_COUNT ? "the blocks" : "it");
	}
	if (r->options.by == SEEP_BY_SITE || r->options.by == SEEP_BY_FUNCTION) {
		fputs(r->options.sort == SEEP_SORT_PEAK ? "" : "at ", out);
		put_site(w, row);
	} else {
		fprintf(out, "%s%s %s%s%s, most of that at ", r->options.sort == SEEP_SORT_PEAK ? "" : "in ",
			seep_by_names[r->options.by], style(w, SEEP_STYLE_STRONG), seep_pen_safe(&w->pen, row->name),
			style(w, SEEP_STYLE_PLAIN));
		put_site(w, row);
	}
	if (r->options.sort != SEEP_SORT_PEAK && r->matched_rows > 1)
		fprintf(out, ": %s in %s", bytes_text(w, of.bytes, row->variance.bytes),
			blocks_text(w, of.count, row->variance.count));
	put_component(w, row);
	fputs(".\n", out);
}

static void put_nothing(struct writer *w)
{
	const struct seep_totals *totals = &w->report->trace->totals;
	struct seep_unit count;
	FILE *out = w->out->stream;

	if (w->report->options.filter_count || w->report->options.min_bytes)
		fputs("Nothing matches: no site has any of it that passes --filter and --min-bytes.\n", out);
	else if (!totals->allocated.count)
		fputs("No allocation was recorded.\n", out);
	else if (w->report->options.sort == SEEP_SORT_UNFREED || w->report->options.sort == SEEP_SORT_COUNT)
		fprintf(out, "%s%s%s: %s block%s allocated, and as many freed.\n", style(w, SEEP_STYLE_STRONG),
			w->report->trace->process.sample_bytes ? "No block of the sample is unfreed"
							       : "Nothing is unfreed",
			style(w, SEEP_STYLE_PLAIN), seep_unit_count(&count, totals->allocated.count),
			totals->allocated.count == 1 ? " was" : "s were");
	else
		fprintf(out, "%s.\n", words[w->report->options.sort].none);
}

/* The first sentence. */
static void put_answer(struct writer *w)
{
	const struct seep_report *r = w->report;
	struct seep_unit bytes, sites;
	FILE *out = w->out->stream;

	if (!r->matched_rows) {
		put_nothing(w);
		return;
	}
	if (r->options.sort == SEEP_SORT_PEAK)
		fprintf(out, "%s%s live%s at the peak; of %s site%s, ", style(w, SEEP_STYLE_STRONG),
			seep_unit_bytes(&bytes, r->trace->totals.peak_live_bytes), style(w, SEEP_STYLE_PLAIN),
			seep_unit_count(&sites, r->matched_sites), seep_plural(r->matched_sites));
	else
		fprintf(out, "%s%s %s%s in %s at %s site%s%s; ", style(w, SEEP_STYLE_STRONG),
			bytes_text(w, r->matched.bytes, r->variance.bytes), words[r->options.sort].noun,
			style(w, SEEP_STYLE_PLAIN), blocks_text(w, r->matched.count, r->variance.count),
			seep_unit_count(&sites, r->matched_sites), seep_plural(r->matched_sites),
			!r->options.filter_count ? ""
			: r->matched_sites == 1  ? " that matches the filter"
						 : " that match the filter");
	put_top(w, &r->rows[0]);
}

static void put_remark(struct writer *w, enum seep_style kind, const char *word, const char *sentence)
{
	fprintf(w->out->stream, "%s%s: %s%s\n", style(w, kind), word, seep_pen_safe(&w->pen, sentence),
		style(w, SEEP_STYLE_PLAIN));
}

/* What makes figures wrong or missing: all of it. */
static void put_grave_remarks(struct writer *w, const struct seep_remarks *remarks)
{
	for (size_t i = 0; i < remarks->grave; i++)
		put_remark(w, SEEP_STYLE_WARNING, "Mind", remarks->sentences[i]);
	if (has_errors(w->report))
		put_remark(w, SEEP_STYLE_FAINT, "Note", "What follows +/- is one standard error of the estimate.");
}

/* The first ones of the others. Returns how many remarks have been told. */
static size_t put_first_notes(struct writer *w, const struct seep_remarks *remarks)
{
	size_t i;

	for (i = remarks->grave; i < remarks->count && i < remarks->grave + NOTES_SHOWN; i++)
		put_remark(w, SEEP_STYLE_FAINT, "Note", remarks->sentences[i]);
	if (i < remarks->count)
		fprintf(w->out->stream, "%sNote: %zu more at the end.%s\n", style(w, SEEP_STYLE_FAINT),
			remarks->count - i, style(w, SEEP_STYLE_PLAIN));
	return i;
}

static void put_last_notes(struct writer *w, const struct seep_remarks *remarks, size_t told)
{
	if (told < remarks->count)
		fputc('\n', w->out->stream);
	for (size_t i = told; i < remarks->count; i++)
		put_remark(w, SEEP_STYLE_FAINT, "Note", remarks->sentences[i]);
}

/* As it was called, which says more than the file does where that has many names. */
static const char *process_name(const struct seep_trace *t)
{
	if (t->process.argument_count && *t->process.arguments[0])
		return base_name(t->process.arguments[0]);
	return t->has_process ? base_name(t->process.executable) : "A process without a name";
}

static void put_process(struct writer *w)
{
	const struct seep_trace *t = w->report->trace;
	struct seep_unit time, count, bytes, peak, when;
	struct seep_ending ending;
	FILE *out = w->out->stream;

	fprintf(out, "%s (pid %" PRIu32 ") ran for %s and %s: ", seep_pen_safe(&w->pen, process_name(t)),
		t->process.pid, seep_unit_duration(&time, t->duration_ns), seep_ending_of(&ending, t));
	fprintf(out, "%s allocation%s of %s, at most %s at once (after %s).\n",
		seep_unit_count(&count, t->totals.allocated.count), seep_plural(t->totals.allocated.count),
		seep_unit_bytes(&bytes, t->totals.allocated.bytes), seep_unit_bytes(&peak, t->totals.peak_live_bytes),
		seep_unit_duration(&when, t->totals.peak_at_ns));
}

/* ---- The table ---- */

static void oldest(const struct seep_trace *t, const struct seep_row *row, struct seep_unit *age)
{
	if (row->oldest_birth_ns == SEEP_NEVER)
		strcpy(age->text, "-");
	else
		seep_unit_duration(
			age, t->duration_ns > row->oldest_birth_ns ? t->duration_ns - row->oldest_birth_ns : 0);
}

static uint64_t row_bytes(const struct seep_report *r, const struct seep_row *row)
{
	uint64_t bytes = seep_report_measure(r, row).bytes;

	/* The peaks of the sites in a row were not at the same time. */
	if (r->options.sort == SEEP_SORT_PEAK && bytes > r->trace->totals.peak_live_bytes)
		bytes = r->trace->totals.peak_live_bytes;
	return bytes;
}

static int add_row(struct writer *w, struct seep_table *table, const struct seep_row *row)
{
	const struct seep_report *r = w->report;
	struct seep_trace_count of = seep_report_measure(r, row);
	bool by_count = r->options.sort == SEEP_SORT_COUNT;
	const char *cells[10], **cell = cells;
	struct seep_unit bytes, blocks, share, age, sites;

	oldest(r->trace, row, &age);
	*cell++ = seep_pen_keep(&w->pen, seep_unit_bytes(&bytes, row_bytes(r, row)));
	if (has_errors(r))
		*cell++ = seep_pen_keep(&w->pen, seep_unit_bytes(&bytes, seep_sampling_error(row->variance.bytes)));
	*cell++ = seep_pen_keep(&w->pen, seep_unit_count(&blocks, of.count));
	if (has_errors(r))
		*cell++ = seep_pen_keep(&w->pen, seep_unit_count(&blocks, seep_sampling_error(row->variance.count)));
	*cell++ = seep_pen_keep(&w->pen, seep_unit_share(&share, by_count ? of.count : row_bytes(r, row),
						 by_count ? r->whole.count : r->whole.bytes));
	*cell++ = seep_pen_keep(&w->pen, age.text);
	if (r->options.by == SEEP_BY_COMPONENT || r->options.by == SEEP_BY_FILE || r->options.by == SEEP_BY_MODULE) {
		*cell++ = seep_pen_keep(&w->pen, seep_unit_count(&sites, row->sites));
		*cell++ = r->options.by == SEEP_BY_FILE
				  ? seep_cut_start(&w->pen.arena, seep_pen_safe(&w->pen, row->name), 50)
				  : seep_pen_safe(&w->pen, row->name);
	}
	*cell++ = seep_pen_safe(&w->pen, row->at.function);
	*cell++ = seep_pen_place(&w->pen, &row->at, 50);
	return seep_table_add(table, cells);
}

static int put_table(struct writer *w)
{
	const struct seep_report *r = w->report;
	const struct words *say = &words[r->options.sort];
	struct seep_table_column columns[11], *column = columns;
	struct seep_table *table;
	int result = 0;

	*column++ = (struct seep_table_column){say->bytes_title, SEEP_TABLE_RIGHT};
	if (has_errors(r))
		*column++ = (struct seep_table_column){"+/-", SEEP_TABLE_RIGHT};
	*column++ = (struct seep_table_column){say->blocks_title, SEEP_TABLE_RIGHT};
	if (has_errors(r))
		*column++ = (struct seep_table_column){"+/-", SEEP_TABLE_RIGHT};
	*column++ = (struct seep_table_column){"SHARE", SEEP_TABLE_RIGHT};
	*column++ = (struct seep_table_column){"OLDEST", SEEP_TABLE_RIGHT};
	if (r->options.by == SEEP_BY_COMPONENT || r->options.by == SEEP_BY_FILE || r->options.by == SEEP_BY_MODULE) {
		*column++ = (struct seep_table_column){"SITES", SEEP_TABLE_RIGHT};
		*column++ = (struct seep_table_column){r->options.by == SEEP_BY_COMPONENT ? "COMPONENT"
						       : r->options.by == SEEP_BY_FILE    ? "FILE"
											  : "MODULE",
			SEEP_TABLE_LEFT};
		*column++ = (struct seep_table_column){"MOST AT", SEEP_TABLE_SHRINKS};
	} else {
		*column++ = (struct seep_table_column){"FUNCTION", SEEP_TABLE_SHRINKS};
	}
	*column++ = (struct seep_table_column){"FILE:LINE", SEEP_TABLE_SHRINKS_START};
	*column = (struct seep_table_column){NULL, SEEP_TABLE_LEFT};
	table = seep_table_create(columns);
	if (!table)
		return -1;
	for (size_t i = 0; i < r->row_count && result == 0; i++)
		result = add_row(w, table, &r->rows[i]);
	if (result == 0)
		result = seep_table_write(table, w->out);
	seep_table_free(table);
	return result;
}

/* What the limit left out. */
static void put_rest(struct writer *w)
{
	const struct seep_report *r = w->report;
	struct seep_trace_count rest = r->matched;
	struct seep_unit count, bytes;

	if (r->matched_rows == r->row_count)
		return;
	for (size_t i = 0; i < r->row_count; i++)
		rest.bytes -= seep_report_measure(r, &r->rows[i]).bytes;
	fprintf(w->out->stream, "%sand %s more", style(w, SEEP_STYLE_FAINT),
		seep_unit_count(&count, r->matched_rows - r->row_count));
	if (r->options.sort != SEEP_SORT_PEAK)
		fprintf(w->out->stream, " with %s", seep_unit_bytes(&bytes, rest.bytes));
	fprintf(w->out->stream, " (--limit %zu shows all)%s\n", r->matched_rows, style(w, SEEP_STYLE_PLAIN));
}

static void put_growth(struct writer *w, const struct seep_row *row)
{
	struct seep_unit bytes;
	double growth;

	if (!seep_report_growth(w->report, row, &growth) || fabs(growth) < 1)
		return;
	fprintf(w->out->stream, ", %s by %s an hour", growth > 0 ? "growing" : "shrinking",
		seep_unit_bytes(&bytes, fabs(growth) < 9e18 ? (uint64_t)fabs(growth) : UINT64_MAX));
}

static void put_heading(struct writer *w, size_t number, const struct seep_row *row)
{
	const struct seep_report *r = w->report;
	struct seep_trace_count of = seep_report_measure(r, row);
	FILE *out = w->out->stream;

	fprintf(out, "\n%s%zu. %s%s: %s in %s", style(w, SEEP_STYLE_STRONG), number, seep_pen_safe(&w->pen, row->name),
		style(w, SEEP_STYLE_PLAIN), bytes_text(w, row_bytes(r, row), row->variance.bytes),
		blocks_text(w, of.count, row->variance.count));
	put_growth(w, row);
	if (row->tag)
		fprintf(out, ", tag %s", seep_pen_safe(&w->pen, row->tag));
	put_component(w, row);
	if (row->sites > 1)
		fprintf(out, "; the largest of %zu sites", row->sites);
	fputc('\n', out);
}

static int put_rows(struct writer *w, const struct seep_text_options *options)
{
	const struct seep_report *r = w->report;
	size_t stacks = options->stacks < r->row_count ? (size_t)options->stacks : r->row_count;

	if (!r->row_count)
		return 0;
	fputc('\n', w->out->stream);
	if (put_table(w) < 0)
		return -1;
	put_rest(w);
	for (size_t i = 0; i < stacks; i++) {
		put_heading(w, i + 1, &r->rows[i]);
		if (seep_text_stack(&w->pen, r, &r->rows[i], options->depth) < 0)
			return -1;
	}
	return 0;
}

static int put_report(struct writer *w, const struct seep_text_options *options)
{
	struct seep_remarks remarks;
	size_t told;
	int result = seep_remarks_collect(&remarks, w->report->trace, w->report->naming->symbols);

	put_answer(w);
	put_grave_remarks(w, &remarks);
	put_process(w);
	told = put_first_notes(w, &remarks);
	if (result == 0)
		result = put_rows(w, options);
	put_last_notes(w, &remarks, told);
	seep_remarks_clear(&remarks);
	return result;
}

int seep_text_write(
	const struct seep_output *output, const struct seep_report *report, const struct seep_text_options *options)
{
	struct writer w = {.out = output, .report = report};
	int result;

	seep_pen_take(&w.pen, output);
	result = put_report(&w, options);
	seep_pen_put_down(&w.pen);
	return result;
}

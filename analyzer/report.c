/* SPDX-License-Identifier: Apache-2.0
 *
 * report.c: from the trace's sites to the rows of a report: take the sites that matter, merge those that read the same,
 * filter, group, sort, cut, name. Called by cmd_report.c.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "filter.h"
#include "history.h"
#include "report.h"

#define NO_SITE UINT32_MAX

const char *const seep_by_names[] = {"site", "component", "function", "file", "module", NULL};
const char *const seep_sort_names[] = {"unfreed", "allocated", "count", "peak", NULL};

struct rows {
	struct seep_row *rows;
	size_t count, capacity;
	struct seep_map index;
};

static struct seep_trace_count measure(enum seep_sort sort, const struct seep_trace_count *unfreed,
	const struct seep_trace_count *allocated, uint64_t peak)
{
	switch (sort) {
	case SEEP_SORT_ALLOCATED:
		return *allocated;
	case SEEP_SORT_PEAK:
		return (struct seep_trace_count){unfreed->count, peak};
	default:
		return *unfreed;
	}
}

struct seep_trace_count seep_report_measure(const struct seep_report *report, const struct seep_row *row)
{
	return measure(report->options.sort, &row->unfreed, &row->allocated, row->peak_bytes);
}

/* What rows are ordered by. */
static uint64_t weight(enum seep_sort sort, const struct seep_trace_count *of)
{
	return sort == SEEP_SORT_COUNT ? of->count : of->bytes;
}

static bool has_any(enum seep_sort sort, const struct seep_site *site)
{
	switch (sort) {
	case SEEP_SORT_ALLOCATED:
		return site->allocated.count != 0;
	case SEEP_SORT_PEAK:
		return site->peak_bytes != 0;
	default:
		return site->live.count != 0 || site->live.bytes != 0;
	}
}

static void add(struct seep_trace_count *sum, const struct seep_trace_count *more)
{
	sum->count += more->count;
	sum->bytes += more->bytes;
}

static void add_site(struct seep_report *r, struct seep_row *row, uint32_t index)
{
	const struct seep_site *site = &r->trace->sites[index];

	add(&row->unfreed, &site->live);
	seep_sampling_add(&row->variance, &site->variance, 1);
	add(&row->allocated, &site->allocated);
	for (unsigned age = 0; age < SEEP_AGE_CLASSES; age++)
		add(&row->freed, &site->freed[age]);
	row->peak_bytes += site->peak_bytes;
	if (site->oldest_birth_ns < row->oldest_birth_ns)
		row->oldest_birth_ns = site->oldest_birth_ns;
	r->next_site[index] = NO_SITE;
	if (row->first_site == NO_SITE)
		row->first_site = index;
	else
		r->next_site[row->last_site] = index;
	row->last_site = index;
}

/* The row of a key; a new one is empty. NULL: out of memory. */
static struct seep_row *row_at(struct rows *rows, uint64_t high, uint64_t low, bool *added)
{
	uint32_t *index = seep_map_at(&rows->index, high, low, (uint32_t)rows->count, added);

	if (!index || seep_array_reserve(&rows->rows, &rows->capacity, rows->count + 1, sizeof(*rows->rows)) < 0)
		return NULL;
	if (*added)
		rows->rows[rows->count++] =
			(struct seep_row){.first_site = NO_SITE, .last_site = NO_SITE, .oldest_birth_ns = SEEP_NEVER};
	return &rows->rows[*index];
}

static int no_memory(const struct seep_report *r, struct seep_error *error)
{
	return seep_error_set(
		error, "%s: out of memory for a report of %zu sites", r->trace->name, r->trace->site_count);
}

/* Sites that read the same, with the same tag, are one. */
static int merge_sites(struct seep_report *r, struct rows *rows, struct seep_error *error)
{
	const struct seep_trace *trace = r->trace;

	for (uint32_t i = 0; i < trace->site_count; i++) {
		const char *tag = seep_trace_tag(trace, trace->sites[i].tag);
		struct seep_row *row;
		uint32_t path;
		bool added;

		if (r->options.progress && i % 64 == 0)
			r->options.progress->tell(r->options.progress->context, i, trace->site_count);
		if (!r->options.all && !has_any(r->options.sort, &trace->sites[i]))
			continue;
		if (seep_paths_of(r->paths, trace->sites[i].stack, &path, error) < 0)
			return -1;
		row = row_at(
			rows, tag ? XXH3_64bits(tag, strlen(tag)) : 0, path | (uint64_t)(tag != NULL) << 32, &added);
		if (!row)
			return no_memory(r, error);
		row->path = path;
		row->tag = tag;
		row->sites = 1;
		add_site(r, row, i);
	}
	return 0;
}

/* Names a site by its first frame that is not an allocation wrapper, and its component. */
static int name_site(struct seep_report *r, struct seep_row *row)
{
	const struct seep_frame *frames;
	int64_t count = seep_paths_frames(r->paths, row->path, &frames);

	if (count < 0)
		return -1;
	if (count > 0)
		row->at = frames[seep_wrappers_skip(r->naming->wrappers, frames, (size_t)count)];
	else
		row->at = (struct seep_frame){.function = "(no stack)", .module = ""};
	row->component = seep_components_of(r->naming->components, frames, (size_t)count);
	row->name = row->at.function;
	return 0;
}

static const char *group_name(enum seep_by by, const struct seep_row *row)
{
	switch (by) {
	case SEEP_BY_COMPONENT:
		return row->component;
	case SEEP_BY_FILE:
		return row->at.file ? row->at.file : "(no source file known)";
	case SEEP_BY_MODULE:
		return row->at.module[0] ? row->at.module : "(no module known)";
	default:
		return row->at.function;
	}
}

static void add_row(struct seep_report *r, struct seep_row *group, const struct seep_row *row, bool first)
{
	struct seep_trace_count of = seep_report_measure(r, row);

	if (first || weight(r->options.sort, &of) > group->largest) {
		group->largest = weight(r->options.sort, &of);
		group->path = row->path;
		group->tag = row->tag;
		group->at = row->at;
		group->component = row->component;
	}
	add(&group->unfreed, &row->unfreed);
	seep_sampling_add(&group->variance, &row->variance, 1);
	add(&group->allocated, &row->allocated);
	add(&group->freed, &row->freed);
	group->peak_bytes += row->peak_bytes;
	if (row->oldest_birth_ns < group->oldest_birth_ns)
		group->oldest_birth_ns = row->oldest_birth_ns;
	group->sites += row->sites;
	if (first)
		group->first_site = row->first_site;
	else
		r->next_site[group->last_site] = row->first_site;
	group->last_site = row->last_site;
}

/* Replaces rows of sites by rows of groups of them. Functions of the same name in two modules are two. */
static int group_rows(struct seep_report *r, struct rows *rows, struct seep_error *error)
{
	enum seep_by by = r->options.by;
	struct rows groups = {0};

	for (size_t i = 0; i < rows->count; i++) {
		const char *name, *module;
		struct seep_row *group = NULL;
		XXH128_hash_t key;
		bool added;

		if (name_site(r, &rows->rows[i]) == 0) {
			name = group_name(by, &rows->rows[i]);
			module = by == SEEP_BY_FUNCTION ? rows->rows[i].at.module : "";
			key = XXH3_128bits_withSeed(name, strlen(name), XXH3_64bits(module, strlen(module)));
			group = row_at(&groups, key.high64, key.low64, &added);
		}
		if (!group) {
			seep_map_clear(&groups.index);
			free(groups.rows);
			return no_memory(r, error);
		}
		add_row(r, group, &rows->rows[i], added);
		group->name = name;
	}
	seep_map_clear(&rows->index);
	free(rows->rows);
	*rows = groups;
	return 0;
}

/* Keeps the rows that the filters take. */
static int filter_rows(struct seep_report *r, struct rows *rows, struct seep_error *error)
{
	struct seep_filter *filter;
	size_t kept = 0;
	int takes = 0;

	if (seep_filter_open(&filter, r->options.filters, r->options.filter_count, error) < 0)
		return -1;
	for (size_t i = 0; i < rows->count && takes >= 0; i++) {
		takes = seep_filter_match(
			filter, r->paths, rows->rows[i].path, rows->rows[i].tag, r->naming->components);
		if (takes > 0)
			rows->rows[kept++] = rows->rows[i];
	}
	seep_filter_close(filter);
	rows->count = kept;
	return takes < 0 ? no_memory(r, error) : 0;
}

static int descending(const void *a, const void *b, void *context)
{
	const struct seep_row *x = a, *y = b;
	const struct seep_report *r = context;
	struct seep_trace_count of_x = seep_report_measure(r, x), of_y = seep_report_measure(r, y);
	uint64_t weight_x = weight(r->options.sort, &of_x), weight_y = weight(r->options.sort, &of_y);

	if (weight_x != weight_y)
		return weight_x < weight_y ? 1 : -1;
	if (x->unfreed.bytes != y->unfreed.bytes)
		return x->unfreed.bytes < y->unfreed.bytes ? 1 : -1;
	if (x->allocated.bytes != y->allocated.bytes)
		return x->allocated.bytes < y->allocated.bytes ? 1 : -1;
	return (x->first_site > y->first_site) - (x->first_site < y->first_site);
}

/* Sorts, cuts, and sums up what matched. */
static int finish_rows(struct seep_report *r, struct rows *rows)
{
	const struct seep_totals *totals = &r->trace->totals;
	size_t kept = 0;

	r->whole = measure(r->options.sort, &totals->unfreed, &totals->allocated, totals->peak_live_bytes);
	for (size_t i = 0; i < rows->count; i++) {
		struct seep_trace_count of = seep_report_measure(r, &rows->rows[i]);

		if (of.bytes < r->options.min_bytes)
			continue;
		add(&r->matched, &of);
		seep_sampling_add(&r->variance, &rows->rows[i].variance, 1);
		r->matched_sites += rows->rows[i].sites;
		rows->rows[kept++] = rows->rows[i];
	}
	r->matched_rows = kept;
	if (kept)
		qsort_r(rows->rows, kept, sizeof(*rows->rows), descending, r);
	r->row_count = kept < r->options.limit ? kept : (size_t)r->options.limit;
	for (size_t i = 0; i < kept && (i == 0 || i < r->row_count) && r->options.by == SEEP_BY_SITE; i++)
		if (name_site(r, &rows->rows[i]) < 0)
			return -1;
	r->rows = rows->rows;
	rows->rows = NULL;
	return 0;
}

static int build(struct seep_report *r, struct rows *rows, struct seep_error *error)
{
	r->next_site = malloc((r->trace->site_count + 1) * sizeof(*r->next_site));
	if (!r->next_site)
		return no_memory(r, error);
	if (seep_paths_open(&r->paths, r->trace, r->naming->symbols, error) < 0)
		return -1;
	if (merge_sites(r, rows, error) < 0)
		return -1;
	if (r->options.filter_count && filter_rows(r, rows, error) < 0)
		return -1;
	if (r->options.by != SEEP_BY_SITE && group_rows(r, rows, error) < 0)
		return -1;
	return finish_rows(r, rows) < 0 ? no_memory(r, error) : 0;
}

int seep_report_build(struct seep_report **report, struct seep_trace *trace, const struct seep_naming *naming,
	const struct seep_report_options *options, struct seep_error *error)
{
	struct seep_report *r = calloc(1, sizeof(*r));
	struct rows rows = {0};
	int result;

	*report = NULL;
	if (!r)
		return seep_error_set(error, "%s: out of memory", trace->name);
	r->trace = trace;
	r->naming = naming;
	r->options = *options;
	result = build(r, &rows, error);
	seep_map_clear(&rows.index);
	free(rows.rows);
	if (result < 0) {
		seep_report_free(r);
		return -1;
	}
	*report = r;
	return 0;
}

bool seep_report_growth(const struct seep_report *r, const struct seep_row *row, double *bytes_per_hour)
{
	size_t count = 0;
	uint32_t *sites;
	bool known;

	for (uint32_t site = row->first_site; site != NO_SITE; site = r->next_site[site])
		count++;
	sites = malloc((count + 1) * sizeof(*sites));
	if (!sites)
		return false;
	count = 0;
	for (uint32_t site = row->first_site; site != NO_SITE; site = r->next_site[site])
		sites[count++] = site;
	known = seep_history_growth(r->trace, sites, count, bytes_per_hour);
	free(sites);
	return known;
}

void seep_report_free(struct seep_report *r)
{
	if (!r)
		return;
	seep_paths_close(r->paths);
	free(r->rows);
	free(r->next_site);
	free(r);
}

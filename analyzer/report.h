/* SPDX-License-Identifier: Apache-2.0
 *
 * report.h: the one model of which every output is a view: rows of sites, or of groups of sites, chosen, sorted and named.
 * text.c, json.c and folded.c show it. For one thread at a time.
 */
#ifndef SEEP_REPORT_H
#define SEEP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "model.h"
#include "naming.h"
#include "paths.h"
#include "progress.h"

enum seep_by { SEEP_BY_SITE, SEEP_BY_COMPONENT, SEEP_BY_FUNCTION, SEEP_BY_FILE, SEEP_BY_MODULE };
extern const char *const seep_by_names[]; /* in the same order; ends with NULL */

enum seep_sort { SEEP_SORT_UNFREED, SEEP_SORT_ALLOCATED, SEEP_SORT_COUNT, SEEP_SORT_PEAK };
extern const char *const seep_sort_names[];

struct seep_report_options {
	enum seep_by by;
	enum seep_sort sort;
	const char *const
		*filters; /* "KIND:GLOB"; a site is taken if for each kind that is named one of its globs matches */
	size_t filter_count;
	uint64_t min_bytes; /* rows with less of what is sorted by are left out */
	uint64_t limit; /* rows */
	const struct seep_progress *progress; /* may be NULL: of the sites that have been named */
	bool all; /* also rows that have nothing of what is sorted by */
};

struct seep_row {
	const char *name; /* of the group; with SEEP_BY_SITE the site's function */
	struct seep_trace_count unfreed;
	struct seep_trace_count allocated;
	struct seep_trace_count freed;
	struct seep_variance variance; /* of unfreed, where seep_trace_knows_errors */
	uint64_t peak_bytes; /* of several sites together: at most this */
	uint64_t oldest_birth_ns; /* SEEP_NEVER: not known */
	size_t sites; /* how many are in this row */

	/* Of the site, or of the group's largest one. */
	uint32_t path;
	const char *tag; /* NULL: none */
	struct seep_frame at; /* the frame that names it */
	const char *component;

	uint32_t first_site, last_site; /* of the trace, chained by seep_report.next_site */
	uint64_t largest; /* what the largest site has of what is sorted by */
};

struct seep_report {
	struct seep_trace *trace;
	const struct seep_naming *naming; /* not owned */
	struct seep_report_options options;
	struct seep_paths *paths;
	struct seep_row *rows; /* sorted; those within the limit, and in any case the first one where one matched */
	size_t row_count; /* within the limit */
	size_t matched_rows; /* before the limit */
	size_t matched_sites;
	struct seep_trace_count matched; /* of all matched rows: bytes and blocks of what is sorted by */
	struct seep_trace_count whole; /* the same of the whole trace */
	struct seep_variance variance; /* of what is unfreed in all matched rows */
	uint32_t *next_site;
};

/* Trace and naming have to outlive the report. The filters are checked: an unknown kind is an error. */
int seep_report_build(struct seep_report **report, struct seep_trace *trace, const struct seep_naming *naming,
	const struct seep_report_options *options, struct seep_error *error);

/* What a row has of what the report is sorted by: bytes (of the peak, or all allocated, or unfreed) and blocks. */
struct seep_trace_count seep_report_measure(const struct seep_report *report, const struct seep_row *row);

/* seep_history_growth of a row. */
bool seep_report_growth(const struct seep_report *report, const struct seep_row *row, double *bytes_per_hour);

void seep_report_free(struct seep_report *report);

#endif

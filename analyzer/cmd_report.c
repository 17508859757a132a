/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_report.c: `seep report`: which call sites hold memory that nobody gave back.
 */
#include <stdlib.h>

#include "command.h"
#include "command_trace.h"
#include "folded.h"
#include "json.h"
#include "naming.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "reader.h"
#include "report.h"
#include "text.h"

#define TEXT_ROWS 10
#define TEXT_STACKS 5
#define TEXT_DEPTH 32
#define NOT_GIVEN UINT64_MAX

struct report_options {
	struct seep_naming_options naming;
	bool json, folded;
	unsigned by, sort, color;
	struct seep_list filters;
	uint64_t min_bytes, limit, stacks, depth;
};

static int build(const struct seep_command *command, const struct report_options *o, enum seep_by by,
	struct seep_trace *trace, const struct seep_naming *naming, struct seep_report **report)
{
	struct seep_meter meter;
	struct seep_error error;
	struct seep_report_options options = {
		.by = by,
		.sort = (enum seep_sort)o->sort,
		.filters = o->filters.items,
		.filter_count = o->filters.count,
		.min_bytes = o->min_bytes,
		.limit = o->limit != NOT_GIVEN || o->json || o->folded ? o->limit : TEXT_ROWS,
		.progress = &meter.progress,
		.all = o->json,
	};
	int result;

	seep_meter_start(&meter, "looking up names");
	result = seep_report_build(report, trace, naming, &options, &error);
	seep_meter_stop(&meter);
	return result < 0 ? seep_command_fail(command, "%s", error.text) : SEEP_EXIT_DONE;
}

/* Writes the report, or in JSON the report by site and by what was asked for. */
static int write_report(const struct seep_command *command, const struct report_options *o,
	const struct seep_report *report, const struct seep_report *groups)
{
	const struct seep_output output = seep_output_stdout((enum seep_color)o->color);
	const struct seep_text_options text = {.stacks = o->stacks, .depth = o->depth};
	int result;

	if (o->json)
		result = seep_json_write(output.stream, report, groups);
	else if (o->folded)
		result = seep_folded_write(output.stream, report);
	else
		result = seep_text_write(&output, report, &text);
	if (result < 0)
		return seep_command_fail(command, "out of memory");
	return seep_output_finish(&output, command);
}

static int show(const struct seep_command *command, const struct report_options *o, struct seep_trace *trace,
	const struct seep_naming *naming)
{
	bool both = o->json && o->by != SEEP_BY_SITE;
	struct seep_report *report, *groups = NULL;
	int status = build(command, o, both ? SEEP_BY_SITE : (enum seep_by)o->by, trace, naming, &report);

	if (status != SEEP_EXIT_DONE)
		return status;
	if (both)
		status = build(command, o, (enum seep_by)o->by, trace, naming, &groups);
	if (status == SEEP_EXIT_DONE)
		status = write_report(command, o, report, groups);
	seep_report_free(groups);
	seep_report_free(report);
	return status;
}

static int report_on(const struct seep_command *command, const struct report_options *o, const char *path)
{
	struct seep_trace *trace;
	struct seep_naming naming;
	int status = seep_command_read_named(command, &o->naming, path, &trace, &naming);

	if (status)
		return status;
	status = show(command, o, trace, &naming);
	seep_naming_close(&naming);
	seep_trace_free(trace);
	return status;
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	struct report_options o = {.limit = NOT_GIVEN, .stacks = TEXT_STACKS, .depth = TEXT_DEPTH};
	const struct seep_option table[] = {
		{"json", 0, SEEP_OPTION_FLAG, &o.json, NULL, "all sites, for programs (schema seep-report/1)", NULL},
		{"folded", 0, SEEP_OPTION_FLAG, &o.folded, NULL, "folded stacks, for flame graphs", NULL},
		{"by", 0, SEEP_OPTION_CHOICE, &o.by, "site|component|function|file|module",
			"what one row of the table stands for (default: site)", seep_by_names},
		{"sort", 0, SEEP_OPTION_CHOICE, &o.sort, "unfreed|allocated|count|peak",
			"what counts: bytes unfreed or allocated, number of unfreed blocks, or\n"
			"highest bytes at any time (default: unfreed)",
			seep_sort_names},
		{"filter", 'f', SEEP_OPTION_LIST, &o.filters, "KIND:GLOB",
			"only sites with such a frame: function:GLOB, file:GLOB or module:GLOB;\n"
			"or component:GLOB, tag:GLOB. Repeatable: of the same kind one has to match,\n"
			"and each kind that is named",
			NULL},
		{"min-bytes", 0, SEEP_OPTION_BYTES, &o.min_bytes, "SIZE", "only rows of at least so many bytes", NULL},
		{"limit", 'n', SEEP_OPTION_NUMBER, &o.limit, "N", "rows (default: 10 in text, all otherwise)", NULL},
		{"stacks", 0, SEEP_OPTION_NUMBER, &o.stacks, "N",
			"how many of the first rows are shown with their stack (default: 5)", NULL},
		{"depth", 0, SEEP_OPTION_NUMBER, &o.depth, "N", "frames shown of a stack (default: 32)", NULL},
		SEEP_NAMING_OPTIONS(&o.naming),
		{"color", 0, SEEP_OPTION_CHOICE, &o.color, "auto|always|never", "(default: auto)", seep_color_names},
		{0},
	};
	int first, status = seep_options_parse(command, table, SEEP_OPERANDS_ANYWHERE, argc, argv, &first);

	if (status < 0 && o.json && o.folded)
		status = seep_command_fail(command, "--json and --folded exclude each other");
	if (status < 0 && o.folded && o.by != SEEP_BY_SITE)
		status = seep_command_fail(command, "--folded shows whole stacks, so --by can not be used with it");
	if (status < 0 && argc - first != 1)
		status = seep_command_fail(command,
			argc == first ? "no trace named. usage: seep %s %s"
				      : "more than one trace named. usage: seep %s %s",
			command->name, command->usage);
	if (status < 0)
		status = report_on(command, &o, argv[first]);
	seep_list_clear(&o.filters);
	seep_list_clear(&o.naming.search);
	return status;
}

const struct seep_command seep_command_report = {
	.name = "report",
	.summary = "which call sites hold memory that was never given back",
	.usage = "[options] TRACE",
	.help = "Reads a trace that `seep run` or LD_PRELOAD=libseep.so has written, also one that is still being "
		"written.",
	.run = run,
};

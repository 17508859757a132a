/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_components.c: `seep components --suggest`: a first rules file for components.
 */
#include <stdint.h>

#include "command.h"
#include "command_trace.h"
#include "naming.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "reader.h"
#include "report.h"
#include "suggestions.h"

static int write_suggestions(
	const struct seep_command *command, struct seep_trace *trace, const struct seep_naming *naming)
{
	const struct seep_output output = seep_output_stdout(SEEP_COLOR_NEVER);
	struct seep_meter meter;
	const struct seep_report_options options = {.by = SEEP_BY_SITE,
		.sort = SEEP_SORT_UNFREED,
		.limit = UINT64_MAX,
		.progress = &meter.progress,
		.all = true};
	struct seep_report *report;
	struct seep_error error;
	int status;

	seep_meter_start(&meter, "looking up names");
	status = seep_report_build(&report, trace, naming, &options, &error);
	seep_meter_stop(&meter);
	if (status < 0)
		return seep_command_fail(command, "%s", error.text);
	status = seep_suggestions_write(output.stream, report);
	seep_report_free(report);
	return status < 0 ? seep_command_fail(command, "out of memory") : seep_output_finish(&output, command);
}

static int suggest(const struct seep_command *command, const struct seep_naming_options *options, const char *path)
{
	struct seep_trace *trace;
	struct seep_naming naming;
	int status = seep_command_read_named(command, options, path, &trace, &naming);

	if (status)
		return status;
	status = write_suggestions(command, trace, &naming);
	seep_naming_close(&naming);
	seep_trace_free(trace);
	return status;
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	struct seep_naming_options naming = {0};
	bool suggested = false;
	const struct seep_option table[] = {
		{"suggest", 0, SEEP_OPTION_FLAG, &suggested, NULL,
			"write a first rules file, from where the trace's memory is held", NULL},
		SEEP_NAMING_OPTIONS(&naming),
		{0},
	};
	int first, status = seep_options_parse(command, table, SEEP_OPERANDS_ANYWHERE, argc, argv, &first);

	if (status < 0 && (!suggested || argc - first != 1))
		status = seep_command_fail(command, "%s. usage: seep %s %s",
			!suggested      ? "nothing to do without --suggest"
			: argc == first ? "no trace named"
					: "more than one trace named",
			command->name, command->usage);
	if (status < 0)
		status = suggest(command, &naming, argv[first]);
	seep_list_clear(&naming.search);
	return status;
}

const struct seep_command seep_command_components = {
	.name = "components",
	.summary = "suggest rules for which part of a program memory belongs to",
	.usage = "--suggest [options] TRACE > seep.components",
	.help = "The rules file is INI: sections are components, and \"file\", \"function\" and \"module\" globs say "
		"what\n"
		"belongs to them. `seep report` reads seep.components in the working directory.",
	.run = run,
};

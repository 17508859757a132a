/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_version.c: `seep version`: of the program, and of the traces that it reads.
 */
#include <stdio.h>

#include "command.h"
#include "options.h"
#include "output.h"
#include "seep/trace.h"

static int run(const struct seep_command *command, int argc, char **argv)
{
	static const struct seep_option none[] = {{0}};
	const struct seep_output output = seep_output_stdout(SEEP_COLOR_AUTO);
	int first, status = seep_options_parse(command, none, SEEP_OPERANDS_ANYWHERE, argc, argv, &first);

	if (status >= 0)
		return status;
	printf("seep %s (trace format %u)\n", SEEP_VERSION, SEEP_TRACE_VERSION);
	return seep_output_finish(&output, command);
}

const struct seep_command seep_command_version = {
	.name = "version",
	.summary = "which seep this is",
	.usage = "",
	.run = run,
};

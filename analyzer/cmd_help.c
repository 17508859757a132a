/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_help.c: `seep help`: what there is, or `seep NAME --help`.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "output.h"

static int list(const struct seep_command *command)
{
	const struct seep_output output = seep_output_stdout(SEEP_COLOR_AUTO);

	puts("usage: seep COMMAND [options] ...\n\nseep finds where a running program's memory seeps "
	     "away.\n\ncommands:");
	for (size_t i = 0; seep_commands[i]; i++)
		printf("  %-12s %s\n", seep_commands[i]->name, seep_commands[i]->summary);
	puts("\n`seep COMMAND --help` tells more about one. For example:\n"
	     "  seep run -o server.seep -- ./server --port 8080\n"
	     "  seep report server.seep");
	return seep_output_finish(&output, command);
}

static int help_on(const struct seep_command *command, char *name)
{
	char help[] = "--help";
	char *argv[] = {name, help, NULL};

	for (size_t i = 0; seep_commands[i]; i++)
		if (!strcmp(name, seep_commands[i]->name))
			return seep_commands[i]->run(seep_commands[i], 2, argv);
	return seep_command_fail(command, "'%s' is no command. `seep help` lists them", name);
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	static const struct seep_option none[] = {{0}};
	int first, status = seep_options_parse(command, none, SEEP_OPERANDS_ANYWHERE, argc, argv, &first);

	if (status >= 0)
		return status;
	return first < argc ? help_on(command, argv[first]) : list(command);
}

const struct seep_command seep_command_help = {
	.name = "help",
	.summary = "this list, or what a command can do",
	.usage = "[COMMAND]",
	.run = run,
};

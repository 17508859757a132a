/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c: the `seep` command: finds the subcommand in the table and hands over to it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"

extern const struct seep_command seep_command_run, seep_command_report, seep_command_info, seep_command_components,
	seep_command_gate, seep_command_suppress, seep_command_recover, seep_command_version, seep_command_help;

const struct seep_command *const seep_commands[] = {
	&seep_command_run,
	&seep_command_report,
	&seep_command_info,
	&seep_command_components,
	&seep_command_gate,
	&seep_command_suppress,
	&seep_command_recover,
	&seep_command_version,
	&seep_command_help,
	NULL,
};

static const struct seep_command *find(const char *name)
{
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return &seep_command_help;
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		return &seep_command_version;
	for (size_t i = 0; seep_commands[i]; i++)
		if (!strcmp(name, seep_commands[i]->name))
			return seep_commands[i];
	return NULL;
}

static int fail_unknown(const char *typed)
{
	const char *names[sizeof(seep_commands) / sizeof(seep_commands[0])] = {NULL};
	const char *nearest;

	for (size_t i = 0; seep_commands[i]; i++)
		names[i] = seep_commands[i]->name;
	nearest = seep_options_nearest(typed, names);
	if (nearest)
		return seep_command_fail(NULL, "'%s' is no command. Did you mean `seep %s`?", typed, nearest);
	if (access(typed, F_OK) == 0)
		return seep_command_fail(NULL, "'%s' is no command. Did you mean `seep report %s`?", typed, typed);
	return seep_command_fail(NULL, "'%s' is no command. `seep help` lists them", typed);
}

int main(int argc, char **argv)
{
	const struct seep_command *command;

	if (argc < 2) {
		seep_command_fail(NULL, "no command given. `seep help` lists them");
		return SEEP_EXIT_USAGE;
	}
	command = find(argv[1]);
	return command ? command->run(command, argc - 1, argv + 1) : fail_unknown(argv[1]);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c: the `seep` command: finds the subcommand in the table and hands over to it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "options.h"

#define STACK_LEAST (1u << 20) /* libdw has arrays of some hundred KiB */
#define STACK_BYTES (8u << 20)

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

struct call {
	int argc;
	char **argv;
	int status;
};

static void *call(void *context)
{
	struct call *c = context;
	const struct seep_command *command = find(c->argv[1]);

	c->status = command ? command->run(command, c->argc - 1, c->argv + 1) : fail_unknown(c->argv[1]);
	return NULL;
}

static bool stack_is_small(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < STACK_LEAST;
}

/* The limit is not raised instead: a program that is run would inherit it. Signals are the thread's, as if it was alone. */
static bool call_on_larger_stack(struct call *c)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all;
	bool made;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	made = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
	       pthread_create(&thread, &attributes, call, c) == 0;
	pthread_attr_destroy(&attributes);
	if (!made)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_join(thread, NULL);
	return true;
}

int main(int argc, char **argv)
{
	struct call c = {.argc = argc, .argv = argv};

	if (argc < 2) {
		seep_command_fail(NULL, "no command given. `seep help` lists them");
		return SEEP_EXIT_USAGE;
	}
	if (!stack_is_small() || !call_on_larger_stack(&c))
		call(&c);
	return c.status;
}

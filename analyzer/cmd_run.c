/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_run.c: `seep run`. Silent when all went well: the command's output is its own. It speaks, on stderr, when nothing or not
 * everything was recorded.
 */
#include "command.h"
#include "launcher.h"
#include "options.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run_options {
	const char *output;
	uint64_t depth;
	unsigned on_full;
	uint64_t sample;
	uint64_t epoch;
	uint64_t max_trace;
	const char *only;
	bool no_follow;
	bool durable;
	bool verbose;
};

static const char *const on_full_choices[] = {"wait", "drop", NULL};

static void say(const char *sentence)
{
	fprintf(stderr, "seep: %s\n", sentence);
}

static void warn_out_of_reach(const struct seep_program *program)
{
	switch (program->reach) {
	case SEEP_PROGRAM_TRACEABLE:
		return;
	case SEEP_PROGRAM_STATIC:
		fprintf(stderr,
			"seep: %s is statically linked, so nothing can be preloaded into it and nothing will be "
			"recorded: "
			"link it dynamically to trace it. What it executes may still be recorded.\n",
			program->image);
		return;
	case SEEP_PROGRAM_PRIVILEGED:
		fprintf(stderr,
			"seep: %s changes its user, group or capabilities when executed (setuid, setgid), so the "
			"system ignores "
			"LD_PRELOAD and nothing will be recorded: run it as its owner, or run a copy without those "
			"bits.\n",
			program->image);
		return;
	case SEEP_PROGRAM_FOREIGN:
		fprintf(stderr,
			"seep: %s is built for another architecture than libseep.so, so nothing will be recorded: use "
			"a seep "
			"built for it.\n",
			program->image);
		return;
	}
}

/* A recording that failed later on: it was told before which trace it writes. */
static bool has_trace(const struct seep_session *sessions, size_t failed)
{
	for (size_t i = 0; i < failed; i++)
		if (sessions[i].pid == sessions[failed].pid && sessions[i].trace)
			return true;
	return false;
}

/* After the run: failures always, traces if asked for, and a word when there is nothing at all. */
static void conclude(
	const struct seep_launcher *launcher, const struct seep_program *program, const struct run_options *options)
{
	const struct seep_session *sessions;
	size_t count = seep_launcher_sessions(launcher, &sessions);
	const char *skipped;
	size_t traces = 0;

	for (size_t i = 0; i < count; i++) {
		if (sessions[i].failure)
			fprintf(stderr, "seep: process %d was not recorded%s: %s\n", (int)sessions[i].pid,
				has_trace(sessions, i) ? " to its end" : "", sessions[i].failure);
		else
			traces++;
		if (options->verbose && sessions[i].trace)
			fprintf(stderr, "seep: process %d: %s%s\n", (int)sessions[i].pid, sessions[i].trace,
				sessions[i].finished ? "" : " (still running)");
	}
	if (!traces && !count && seep_launcher_skipped(launcher, &skipped))
		fprintf(stderr, "seep: nothing was recorded: no program was called \"%s\" (--only); the first was %s\n",
			options->only, skipped ? skipped : "?");
	else if (!traces && !count && program->reach == SEEP_PROGRAM_TRACEABLE)
		fprintf(stderr, "seep: nothing was recorded: libseep.so was not loaded into %s\n", program->image);
}

#define SETTINGS_MAX 9

static void add_setting(char **settings, const char *name, const char *value)
{
	while (*settings)
		settings++;
	if (asprintf(settings, "%s=%s", name, value) < 0)
		*settings = NULL;
}

static void add_number(char **settings, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	if (value)
		add_setting(settings, name, text);
}

/* "NAME=value" for each option that was given: every option of run has one SEEP_ variable. */
static void collect_settings(const struct run_options *options, char *settings[SETTINGS_MAX + 1])
{
	memset(settings, 0, (SETTINGS_MAX + 1) * sizeof *settings);
	if (options->output)
		add_setting(settings, "SEEP_OUTPUT", options->output);
	if (options->on_full)
		add_setting(settings, "SEEP_ON_FULL", on_full_choices[options->on_full]);
	add_number(settings, "SEEP_DEPTH", options->depth);
	add_number(settings, "SEEP_SAMPLE", options->sample);
	add_number(settings, "SEEP_EPOCH", options->epoch);
	add_number(settings, "SEEP_MAX_TRACE", options->max_trace);
	if (options->only)
		add_setting(settings, "SEEP_ONLY", options->only);
	if (options->no_follow)
		add_setting(settings, "SEEP_FOLLOW", "no");
	if (options->durable)
		add_setting(settings, "SEEP_DURABLE", "yes");
}

static int record(const struct seep_command *command, const struct run_options *options, char **argv)
{
	struct seep_launcher *launcher;
	struct seep_program program;
	struct seep_error error;
	char *settings[SETTINGS_MAX + 1];
	int status = seep_program_find(&program, argv[0], &error);

	if (status) {
		say(error.text);
		return status;
	}
	warn_out_of_reach(&program);
	collect_settings(options, settings);
	if (seep_launcher_open(&launcher, (const char *const *)settings, &error) != 0)
		return seep_command_fail(command, "%s", error.text);
	if (seep_launcher_start(launcher, program.path, argv, &error) != 0) {
		say(error.text);
		status = 126;
	} else {
		status = seep_launcher_wait(launcher);
		conclude(launcher, &program, options);
	}
	seep_launcher_close(launcher);
	for (char **text = settings; *text; text++)
		free(*text);
	return status;
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	struct run_options options = {0};
	const struct seep_option table[] = {
		{"output", 'o', SEEP_OPTION_TEXT, &options.output, "PATTERN",
			"name of the traces: %e the executable's name, %p the process id, %% a percent sign\n"
			"(default: %e.%p.seep in the working directory)",
			NULL},
		{"depth", 0, SEEP_OPTION_NUMBER, &options.depth, "N",
			"frames kept of a stack, 1 to 1024 (default: 128)", NULL},
		{"on-full", 0, SEEP_OPTION_CHOICE, &options.on_full, "wait|drop",
			"when the collector can't keep up, the program waits, or events are dropped and counted\n"
			"(default: wait)",
			on_full_choices},
		{"sample", 0, SEEP_OPTION_BYTES, &options.sample, "BYTES",
			"record one block in so many allocated bytes on average; reports are then estimates\n"
			"(default: record every block)",
			NULL},
		{"epoch", 0, SEEP_OPTION_NUMBER, &options.epoch, "MS",
			"length of the first slices of the history, in milliseconds (default: 1000)", NULL},
		{"max-trace", 0, SEEP_OPTION_BYTES, &options.max_trace, "SIZE",
			"keep each trace within SIZE, at least 64KiB: the oldest of its history becomes one slice\n"
			"(default: no limit)",
			NULL},
		{"only", 0, SEEP_OPTION_TEXT, &options.only, "PATTERN",
			"record only programs whose executable's name matches: php-fpm*, or several with commas "
			"between\n"
			"them",
			NULL},
		{"no-follow", 0, SEEP_OPTION_FLAG, &options.no_follow, NULL,
			"record only the command itself and what it executes in its place, not its children", NULL},
		{"durable", 0, SEEP_OPTION_FLAG, &options.durable, NULL,
			"keep all that is recorded in files beside the trace until that is whole, so that nothing is\n"
			"lost if the collector is killed: seep report then takes it from there",
			NULL},
		{"verbose", 'v', SEEP_OPTION_FLAG, &options.verbose, NULL, "name the traces on stderr at the end",
			NULL},
		{0},
	};
	int first;
	int status = seep_options_parse(command, table, SEEP_OPERANDS_LAST, argc, argv, &first);

	if (status >= 0)
		return status;
	if (first >= argc)
		return seep_command_fail(
			command, "no command to run; usage: seep run [options] -- COMMAND [ARGUMENT...]");
	if (options.durable && options.max_trace)
		return seep_command_fail(command, "--durable and --max-trace do not go together yet: leave one out");
	return record(command, &options, argv + first);
}

const struct seep_command seep_command_run = {
	.name = "run",
	.summary = "record a command and all that it starts",
	.usage = "[options] -- COMMAND [ARGUMENT...]",
	.help = "Runs the command with libseep.so in it and writes one trace for each process. Its output is its own, "
		"and the\n"
		"exit status too: 128 + N for signal N, 127 if the command is not found, 126 if it can't be executed.\n"
		"Each option has a variable for use without seep run (LD_PRELOAD=.../libseep.so COMMAND):\n"
		"SEEP_OUTPUT, SEEP_DEPTH, SEEP_ON_FULL, SEEP_SAMPLE, SEEP_SEED, SEEP_EPOCH, SEEP_MAX_TRACE, "
		"SEEP_ONLY,\n"
		"SEEP_FOLLOW (no: as --no-follow), SEEP_DURABLE (yes: as --durable).\n",
	.run = run,
};

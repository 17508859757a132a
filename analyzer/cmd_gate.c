/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_gate.c: `seep gate`: did this change leak? Records a command and judges it, or judges what was recorded. Beside a command
 * it speaks on stderr, as stdout is the command's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "gate_outputs.h"
#include "gate_record.h"
#include "gate_text.h"
#include "gate_work.h"
#include "options.h"
#include "output_file.h"

#define PLACEHOLDER "{}"

struct gate {
	const struct seep_command *command;
	struct seep_gate_work work;
	const char *output;
	bool update_baseline, quiet, verbose;
	unsigned color;
	char **argv; /* the command that is run; NULL: traces are judged */
	char **traces;
	size_t trace_count;
	struct seep_gate_recording recording; /* the last */
};

/* ---- Runs ---- */

/* An argument with the number in the place of each {}. NULL: out of memory. */
static char *argument_with(const char *argument, uint64_t iterations)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	const char *place;

	if (!out)
		return NULL;
	for (; (place = strstr(argument, PLACEHOLDER)); argument = place + sizeof(PLACEHOLDER) - 1)
		fprintf(out, "%.*s%llu", (int)(place - argument), argument, (unsigned long long)iterations);
	fputs(argument, out);
	return fclose(out) == 0 ? text : NULL;
}

static void free_arguments(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static char **arguments_with(char **argv, uint64_t iterations)
{
	size_t count = 0;
	char **copy;

	while (argv[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++)
		if (!(copy[i] = argument_with(argv[i], iterations))) {
			free_arguments(copy);
			return NULL;
		}
	return copy;
}

static int run_once(struct gate *g, char **argv)
{
	g->recording = (struct seep_gate_recording){.output = g->output, .measure = seep_gate_work_measure(&g->work)};
	return g->recording.measure ? seep_gate_record(&g->recording, argv, &g->work.error) : -1;
}

static int run_scaled(struct gate *g, uint64_t iterations)
{
	char **argv = arguments_with(g->argv, iterations);
	int result = argv ? run_once(g, argv) : seep_error_set(&g->work.error, "out of memory");

	free_arguments(argv);
	return result;
}

/* ---- The verdict ---- */

static int judge(struct gate *g)
{
	const char *reason = g->recording.reason;

	return g->argv ? seep_gate_work_judge(&g->work, g->recording.status, *reason ? reason : NULL)
		       : seep_gate_work_judge(&g->work, -1, NULL);
}

/* Nothing to compare after a failure. */
static bool run_failed(const struct gate *g)
{
	return g->recording.status != 0 || g->recording.reason[0];
}

static int judge_scaled(struct gate *g)
{
	uint64_t *n = g->work.policy.iterations;

	for (size_t i = 0; i < 2; i++) {
		if (run_scaled(g, n[i]) < 0)
			return -1;
		if (run_failed(g))
			return judge(g);
	}
	if (judge(g) < 0)
		return -1;
	if (!g->work.verdict.fails)
		return 0;
	/* Growth may be chance: it has to go on. */
	if (!n[2])
		n[2] = n[0] + 3 * (n[1] - n[0]);
	return run_scaled(g, n[2]) < 0 ? -1 : judge(g);
}

/* Writes what is there now, and judges anew: what was just accepted does not fail any more. */
static int update_baseline(struct gate *g)
{
	struct seep_baseline *b;
	int result;

	if (g->work.verdict.reason_count || g->work.verdict.command_status > 0)
		return seep_gate_note(&g->work.verdict, "%s was not written, as not everything was measured",
			g->work.policy.baseline);
	b = seep_gate_baseline(&g->work.verdict);
	if (!b)
		return seep_error_set(&g->work.error, "out of memory");
	result = seep_baseline_write(b, g->work.policy.baseline, &g->work.error);
	if (result < 0) {
		seep_baseline_free(b);
		return -1;
	}
	seep_baseline_free(g->work.baseline);
	g->work.baseline = b;
	if (judge(g) < 0)
		return -1;
	g->work.verdict.baseline_updated = true;
	return seep_gate_note(&g->work.verdict, "%s was written: it holds %zu site%s", g->work.policy.baseline,
		b->count, b->count == 1 ? "" : "s");
}

static int decide(struct gate *g)
{
	int result;

	if (g->argv && g->work.policy.scales)
		return judge_scaled(g);
	result = g->argv ? run_once(g, g->argv) : seep_gate_work_traces(&g->work, g->traces, g->trace_count);
	if (result == 0)
		result = judge(g);
	if (result == 0 && g->update_baseline)
		result = update_baseline(g);
	return result;
}

/* ---- Reports ---- */

static int write_markdown(FILE *out, struct seep_verdict *v)
{
	return seep_markdown_write(out, v, SIZE_MAX);
}

static int write_file(struct gate *g, const char *path, int (*write)(FILE *, struct seep_verdict *))
{
	struct seep_output_file file;

	if (!path)
		return 0;
	if (seep_output_file_open(&file, path, &g->work.error) < 0)
		return -1;
	if (write(file.stream, &g->work.verdict) < 0) {
		seep_output_file_drop(&file);
		return seep_error_set(&g->work.error, "%s: out of memory", path);
	}
	return seep_output_file_close(&file, &g->work.error);
}

/* All of them, whether or not one fails. Returns an exit code. */
static int write_reports(struct gate *g)
{
	const struct {
		const char *path;
		int (*write)(FILE *, struct seep_verdict *);
	} reports[] = {{g->work.policy.junit, seep_junit_write}, {g->work.policy.sarif, seep_sarif_write},
		{g->work.policy.gitlab, seep_gitlab_write}, {g->work.policy.markdown, write_markdown},
		{g->work.policy.json, seep_gate_json_write}};
	int status = SEEP_EXIT_DONE;

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		if (write_file(g, reports[i].path, reports[i].write) < 0)
			status = seep_command_fail(g->command, "%s", g->work.error.text);
	if (g->work.policy.github) {
		seep_github_write(stdout, &g->work.verdict);
		if (seep_github_summarize(getenv("GITHUB_STEP_SUMMARY"), &g->work.verdict, &g->work.error) < 0)
			status = seep_command_fail(g->command, "%s", g->work.error.text);
	}
	return status;
}

static int speak(struct gate *g)
{
	struct seep_output output = seep_output_stdout((enum seep_color)g->color);
	const struct seep_output stdout_itself = output;
	const struct seep_gate_text_options options = {.quiet = g->quiet, .verbose = g->verbose};
	int status;

	if (g->argv)
		output.stream = stderr;
	seep_gate_text_write(&output, &g->work.verdict, &options);
	status = write_reports(g);
	if (seep_output_finish(&stdout_itself, g->command) != SEEP_EXIT_DONE)
		status = SEEP_EXIT_USAGE;
	return status != SEEP_EXIT_DONE && g->work.verdict.command_status <= 0 ? status : g->work.verdict.exit_code;
}

/* ---- The command line ---- */

static int check_operands(struct gate *g)
{
	bool placeholder = false;

	for (size_t i = 0; g->argv && g->argv[i]; i++)
		placeholder = placeholder || strstr(g->argv[i], PLACEHOLDER);
	if (g->argv && g->trace_count)
		return seep_error_set(&g->work.error, "expected traces or a command behind --, not both");
	if (g->update_baseline && (!g->work.policy.baseline || g->work.policy.scales))
		return seep_error_set(&g->work.error, "--update-baseline needs --baseline FILE, and no --scale");
	if (g->argv ? !g->argv[0] : !g->trace_count)
		return seep_error_set(&g->work.error, "nothing to judge. usage: seep gate %s", g->command->usage);
	if (!g->argv && g->output)
		return seep_error_set(&g->work.error, "--output is for what is recorded, and no command was given");
	if (g->work.policy.scale && !g->argv)
		return seep_error_set(&g->work.error, "--scale runs a command, and none was given");
	if (g->work.policy.scale && !placeholder)
		return seep_error_set(&g->work.error, "--scale: the command has no {} where the number is to be put");
	return 0;
}

static int gate(struct gate *g)
{
	int status;

	g->work.baseline_may_be_missing = g->update_baseline;
	if (seep_gate_work_open(&g->work) < 0 || check_operands(g) < 0 || decide(g) < 0)
		status = seep_command_fail(g->command, "%s", g->work.error.text);
	else
		status = speak(g);
	seep_gate_work_close(&g->work);
	return status;
}

/* What stands behind "--" is another program's command line. */
static int find_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			return i;
	return argc;
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	struct gate g = {.command = command};
	struct seep_option table[SEEP_POLICY_KEYS + 8];
	const struct seep_option own[] = {
		{"policy", 0, SEEP_OPTION_TEXT, &g.work.policy_file, "FILE",
			"what is allowed: these options as KEY = VALUE lines\n"
			"(default: seep-gate.ini in the working directory)",
			NULL},
		{"update-baseline", 0, SEEP_OPTION_FLAG, &g.update_baseline, NULL,
			"write the baseline anew: what leaks now is accepted, what is gone is taken out", NULL},
		{"output", 'o', SEEP_OPTION_TEXT, &g.output, "PATTERN",
			"keep the traces, under such names (see seep run; default: they are not kept)", NULL},
		{"quiet", 'q', SEEP_OPTION_FLAG, &g.quiet, NULL, "say nothing when the gate passes", NULL},
		{"verbose", 'v', SEEP_OPTION_FLAG, &g.verbose, NULL, "list what does not count too, and why", NULL},
		{"color", 0, SEEP_OPTION_CHOICE, &g.color, "auto|always|never", "(default: auto)", seep_color_names},
		{0},
	};
	int end = find_command(argc, argv), first, status;
	size_t rows;

	seep_policy_init(&g.work.policy);
	rows = seep_policy_options(&g.work.policy, table);
	memcpy(table + rows, own, sizeof(own));
	status = seep_options_parse(command, table, SEEP_OPERANDS_ANYWHERE, end, argv, &first);
	if (status >= 0) {
		seep_policy_clear(&g.work.policy);
		return status;
	}
	g.argv = end < argc ? argv + end + 1 : NULL;
	g.traces = argv + first;
	g.trace_count = (size_t)(end - first);
	return gate(&g);
}

const struct seep_command seep_command_gate = {
	.name = "gate",
	.summary = "did this change leak? Records a command, or judges traces, by a policy",
	.usage = "[options] -- COMMAND [ARGUMENT...]  or  [options] TRACE|FOLDER...",
	.help = "Fails if a process ends with blocks unfreed that neither the policy nor a suppression allows. Each "
		"option but the\n"
		"last six is a key of the policy too. Exit codes: 0 pass, 1 leak, 2 usage or input, 3 inconclusive "
		"(not "
		"measured, or\n"
		"not all of it); the command's own failure is passed on as it is. docs/GATE.md is the guide.",
	.run = run,
};

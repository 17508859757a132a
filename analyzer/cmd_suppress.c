/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_suppress.c: `seep suppress`: writes suppressions for what a gate would fail, each with an owner and a day on which it ends: so that
 * accepting a leak is a decision that somebody looks after, and not for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "gate_view.h"
#include "gate_work.h"
#include "output.h"
#include "output_file.h"

#define DAYS 90
#define DAY_SECONDS 86400

struct suppress {
	const struct seep_command *command;
	struct seep_gate_work work;
	unsigned form;
	const char *owner, *expires, *output;
	char day[16];
};

static void default_expiry(struct suppress *s)
{
	time_t then = time(NULL) + (time_t)DAYS * DAY_SECONDS;
	struct tm day;

	if (localtime_r(&then, &day) && strftime(s->day, sizeof(s->day), "%Y-%m-%d", &day))
		s->expires = s->day;
}

/* The text of one entry with its comments; to be freed. NULL: out of memory. */
static char *entry_of(struct suppress *s, const struct seep_gate_site *site)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fprintf(out, "# %s\n# owner: %s\n# expires: %s\n", seep_gate_sentence(&s->work.verdict, site), s->owner,
		s->expires);
	seep_suppressions_write(out, (enum seep_suppression_form)s->form, site->stack);
	return fclose(out) == 0 ? text : NULL;
}

/* Writes what is not yet covered by what was written before. *count: entries. */
static int write_entries(struct suppress *s, FILE *out, size_t *count)
{
	struct seep_suppressions *written = seep_suppressions_create(NULL);
	const struct seep_verdict *v = &s->work.verdict;
	int result = written ? 0 : -1;

	seep_error_set(&s->work.error, "out of memory");
	*count = 0;
	for (size_t i = 0; i < v->fails && result == 0; i++) {
		const struct seep_suppression *covered = seep_suppressions_match(written, v->sites[i].stack);
		char *text;

		if (covered && !covered->expired)
			continue;
		text = entry_of(s, &v->sites[i]);
		if (!text)
			result = -1;
		else if ((result = seep_suppressions_read_text(written, "--expires", text, &s->work.error)) == 0) {
			fprintf(out, "%s%s", *count ? "\n" : "", text);
			(*count)++;
		}
		free(text);
	}
	seep_suppressions_free(written);
	return result;
}

static int write_file(struct suppress *s, size_t *count)
{
	struct seep_output_file file;

	if (seep_output_file_open(&file, s->output, &s->work.error) < 0)
		return -1;
	if (write_entries(s, file.stream, count) < 0) {
		seep_output_file_drop(&file);
		return -1;
	}
	return seep_output_file_close(&file, &s->work.error);
}

/* Returns an exit code. */
static int write_output(struct suppress *s)
{
	const struct seep_output out = seep_output_stdout(SEEP_COLOR_NEVER);
	size_t count;

	if ((s->output ? write_file(s, &count) : write_entries(s, out.stream, &count)) < 0)
		return seep_command_fail(s->command, "%s", s->work.error.text);
	if (!count)
		fprintf(stderr, "seep suppress: nothing to suppress: %s\n", seep_gate_headline(&s->work.verdict));
	return seep_output_finish(&out, s->command);
}

/* Traces that prove nothing give nothing to suppress. */
static int check_measured(struct suppress *s)
{
	const struct seep_verdict *v = &s->work.verdict;

	for (size_t i = 0; i < v->reason_count; i++)
		fprintf(stderr, "seep suppress: not measured: %s\n", v->reasons[i]);
	return v->reason_count && !v->fails ? SEEP_EXIT_INCONCLUSIVE : SEEP_EXIT_DONE;
}

static int suppress(struct suppress *s, char **paths, size_t count)
{
	struct seep_gate_work *w = &s->work;
	int status;

	if (seep_gate_work_open(w) < 0 || seep_gate_work_traces(w, paths, count) < 0 ||
		seep_gate_work_judge(w, -1, NULL) < 0)
		return seep_command_fail(s->command, "%s", w->error.text);
	status = check_measured(s);
	return status == SEEP_EXIT_DONE ? write_output(s) : status;
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	struct suppress s = {.command = command};
	const struct seep_option own[] = {
		{"format", 0, SEEP_OPTION_CHOICE, &s.form, "valgrind|lsan",
			"valgrind: the whole way to the allocation (default); lsan: the function, for\n"
			"LeakSanitizer",
			seep_suppression_forms},
		{"owner", 0, SEEP_OPTION_TEXT, &s.owner, "NAME", "who looks after it (default: you)", NULL},
		{"expires", 0, SEEP_OPTION_TEXT, &s.expires, "YYYY-MM-DD",
			"the last day on which it counts (default: 90 days from now)", NULL},
		{"output", 'o', SEEP_OPTION_TEXT, &s.output, "FILE", "where to write it (default: stdout)", NULL},
		{"policy", 0, SEEP_OPTION_TEXT, &s.work.policy_file, "FILE",
			"what is allowed anyway (default: seep-gate.ini in the working directory)", NULL},
		{"suppressions", 0, SEEP_OPTION_LIST, &s.work.policy.suppressions, "FILE",
			"what is suppressed already (repeatable)", NULL},
		{"baseline", 0, SEEP_OPTION_TEXT, &s.work.policy.baseline, "FILE", "what is known already", NULL},
		{"code", 0, SEEP_OPTION_LIST, &s.work.policy.code, "GLOB", "as for seep gate", NULL},
		{"no-builtin", 0, SEEP_OPTION_FLAG, &s.work.policy.no_builtin, NULL, "as for seep gate", NULL},
		SEEP_NAMING_OPTIONS(&s.work.policy.naming),
		{0},
	};
	int first, status;

	seep_policy_init(&s.work.policy);
	status = seep_options_parse(command, own, SEEP_OPERANDS_ANYWHERE, argc, argv, &first);
	if (status < 0 && first == argc)
		status = seep_command_fail(command, "no trace named. usage: seep %s %s", command->name, command->usage);
	if (status < 0 && s.expires && !seep_suppressions_is_day(s.expires))
		status = seep_command_fail(command, "--expires: '%s' is no day like 2027-03-31", s.expires);
	if (status < 0) {
		if (!s.owner && !(s.owner = getenv("USER")))
			s.owner = "?";
		if (!s.expires)
			default_expiry(&s);
		status = suppress(&s, argv + first, (size_t)(argc - first));
	}
	seep_gate_work_close(&s.work);
	return status;
}

const struct seep_command seep_command_suppress = {
	.name = "suppress",
	.summary = "write suppressions for the leaks that are there, with owner and expiry",
	.usage = "[options] TRACE|FOLDER...",
	.help = "Writes an entry for each leak that `seep gate` would fail in these traces. The gate takes the file "
		"with "
		"--suppressions,\n"
		"and lets an entry count until the end of the day that it names.",
	.run = run,
};

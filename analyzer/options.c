/* SPDX-License-Identifier: Apache-2.0
 *
 * options.c: the table of a command's options, given to getopt_long and to --help. Called by the cmd_*.c.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define HELP_COLUMN 28
#define FIRST_VALUE 256 /* what getopt_long returns for the first option of the table */
#define HELP_VALUE 255

static size_t count_options(const struct seep_option *options)
{
	size_t count = 0;

	while (options[count].name)
		count++;
	return count;
}

/* ---- Help ---- */

static void put_option(const struct seep_option *option)
{
	char left[80], letter[8] = "    ";
	const char *line = option->help, *end;

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, option->name, option->argument ? " " : "",
		option->argument ? option->argument : "");
	printf("%-*s", HELP_COLUMN, left);
	if (strlen(left) >= HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	for (; (end = strchr(line, '\n')); line = end + 1)
		printf("%.*s\n%*s", (int)(end - line), line, HELP_COLUMN, "");
	puts(line);
}

static int put_help(const struct seep_command *command, const struct seep_option *options)
{
	printf("usage: seep %s%s%s\n", command->name, *command->usage ? " " : "", command->usage);
	if (command->help)
		printf("\n%s\n", command->help);
	fputs("\noptions:\n", stdout);
	for (; options->name; options++)
		put_option(options);
	printf("  %-*s%s\n", HELP_COLUMN - 2, "-h, --help", "show this");
	if (fflush(stdout) == 0 || errno == EPIPE)
		return SEEP_EXIT_DONE;
	return seep_command_fail(command, "can not write to stdout: %s", strerror(errno));
}

/* ---- Values ---- */

int seep_options_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGTPE";
	const char *unit;
	unsigned shift = 0;
	double value;
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtod(text, &end);
	if (end != text + strspn(text, "0123456789.")) /* "0x10", "1e9" */
		return -1;
	unit = *end ? strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
		if (*end == 'i')
			end++;
	}
	if (*end == 'B' || (*end == 'b' && unit))
		end++;
	if (*end || errno || value * (double)(UINT64_C(1) << shift) >= 18446744073709551615.0)
		return -1;
	*bytes = (uint64_t)(value * (double)(UINT64_C(1) << shift));
	return 0;
}

static int set_number(const char *argument, uint64_t *number)
{
	unsigned long long value;
	char *end;

	if (*argument < '0' || *argument > '9')
		return -1;
	errno = 0;
	value = strtoull(argument, &end, 10);
	if (*end || errno)
		return -1;
	*number = value;
	return 0;
}

static int set_choice(const struct seep_option *option, const char *argument)
{
	for (unsigned i = 0; option->choices[i]; i++)
		if (!strcmp(option->choices[i], argument)) {
			*(unsigned *)option->target = i;
			return 0;
		}
	return -1;
}

static int list_add(struct seep_list *list, const char *item)
{
	const char **grown = realloc(list->items, (list->count + 1) * sizeof(*grown));

	if (!grown)
		return -1;
	list->items = grown;
	list->items[list->count++] = item;
	return 0;
}

void seep_list_clear(struct seep_list *list)
{
	free(list->items);
	*list = (struct seep_list){0};
}

static int fail_choice(const struct seep_command *command, const struct seep_option *option, const char *argument)
{
	char all[200] = "";
	const char *nearest = seep_options_nearest(argument, option->choices);
	size_t at = 0;

	for (size_t i = 0; option->choices[i] && at < sizeof(all); i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", i ? ", " : "", option->choices[i]);
	return seep_command_fail(command, "--%s: '%s' is none of %s%s%s%s", option->name, argument, all,
		nearest ? ". Did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

/* Returns -1 if all is well, or an exit code. */
static int set(const struct seep_command *command, const struct seep_option *option, const char *argument)
{
	switch (option->kind) {
	case SEEP_OPTION_FLAG:
		*(bool *)option->target = true;
		return -1;
	case SEEP_OPTION_TEXT:
		*(const char **)option->target = argument;
		return -1;
	case SEEP_OPTION_LIST:
		return list_add(option->target, argument) < 0 ? seep_command_fail(command, "out of memory") : -1;
	case SEEP_OPTION_NUMBER:
		if (set_number(argument, option->target) < 0)
			return seep_command_fail(command, "--%s: '%s' is no number", option->name, argument);
		return -1;
	case SEEP_OPTION_BYTES:
		if (seep_options_bytes(argument, option->target) < 0)
			return seep_command_fail(command,
				"--%s: '%s' is no size; expected something like 1500, 64K or 2MiB", option->name,
				argument);
		return -1;
	default:
		return set_choice(option, argument) < 0 ? fail_choice(command, option, argument) : -1;
	}
}

/* ---- Suggestions ---- */

/* Levenshtein's distance, of words up to some length; longer ones are far from everything. */
static size_t distance(const char *a, const char *b)
{
	size_t row[33], length_a = strlen(a), length_b = strlen(b);

	if (length_a >= 33 || length_b >= 33)
		return SIZE_MAX;
	for (size_t k = 0; k <= length_b; k++)
		row[k] = k;
	for (size_t i = 1; i <= length_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t k = 1; k <= length_b; k++) {
			size_t best = diagonal + (a[i - 1] != b[k - 1]);

			diagonal = row[k];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			row[k] = best;
		}
	}
	return row[length_b];
}

const char *seep_options_nearest(const char *typed, const char *const *candidates)
{
	size_t best = SIZE_MAX, length = strlen(typed);
	const char *nearest = NULL;

	for (; *candidates; candidates++) {
		size_t away = distance(typed, *candidates);

		if (length >= 3 && !strncmp(typed, *candidates, length))
			away = 0;
		if (away < best) {
			best = away;
			nearest = *candidates;
		}
	}
	return best <= 1 + length / 4 ? nearest : NULL;
}

static int fail_unknown(const struct seep_command *command, const struct seep_option *options, const char *typed)
{
	size_t count = count_options(options);
	const char **names = calloc(count + 2, sizeof(*names));
	const char *nearest = NULL;
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(typed + strspn(typed, "-"), "="), typed + strspn(typed, "-"));
	for (size_t i = 0; names && i < count; i++)
		names[i] = options[i].name;
	if (names) {
		names[count] = "help";
		nearest = seep_options_nearest(word, names);
	}
	free(names);
	if (nearest)
		return seep_command_fail(command, "unknown option '%s'. Did you mean --%s?", typed, nearest);
	return seep_command_fail(
		command, "unknown option '%s'. `seep %s --help` lists the options", typed, command->name);
}

/* ---- Parsing ---- */

/* The tables that getopt_long wants: "+:o:" and its struct option. */
struct tables {
	struct option *longs;
	char *shorts;
};

static int make_tables(struct tables *tables, const struct seep_option *options, enum seep_operands operands)
{
	size_t count = count_options(options);
	char *c;

	tables->longs = calloc(count + 2, sizeof(*tables->longs));
	tables->shorts = c = malloc(2 * count + 8);
	if (!tables->longs || !tables->shorts)
		return -1;
	if (operands == SEEP_OPERANDS_LAST)
		*c++ = '+';
	*c++ = ':';
	*c++ = 'h';
	for (size_t i = 0; i < count; i++) {
		int argument = options[i].kind == SEEP_OPTION_FLAG ? no_argument : required_argument;

		tables->longs[i] = (struct option){options[i].name, argument, NULL, FIRST_VALUE + (int)i};
		if (options[i].letter) {
			*c++ = options[i].letter;
			if (argument)
				*c++ = ':';
		}
	}
	tables->longs[count] = (struct option){"help", no_argument, NULL, HELP_VALUE};
	*c = '\0';
	return 0;
}

static const struct seep_option *find(const struct seep_option *options, int value)
{
	if (value >= FIRST_VALUE)
		return &options[value - FIRST_VALUE];
	while (options->name && options->letter != value)
		options++;
	return options;
}

/* What getopt_long did not understand: a letter in a bundle, or a whole word. */
static int fail_word(const struct seep_command *command, const struct seep_option *options, char **argv)
{
	char letter[3] = {'-', (char)optopt, '\0'};
	const char *word = argv[optind - 1];

	if (optopt >= FIRST_VALUE || optopt == HELP_VALUE)
		return seep_command_fail(
			command, "--%s takes no argument", optopt == HELP_VALUE ? "help" : find(options, optopt)->name);
	return fail_unknown(command, options, optopt ? letter : word);
}

static int parse(const struct seep_command *command, const struct seep_option *options, const struct tables *tables,
	int argc, char **argv)
{
	int value, result;

	optind = 0; /* GNU: start anew, also on another argv */
	opterr = 0;
	while ((value = getopt_long(argc, argv, tables->shorts, tables->longs, NULL)) != -1) {
		if (value == 'h' || value == HELP_VALUE)
			return put_help(command, options);
		if (value == ':')
			return seep_command_fail(command, "--%s needs an argument: %s", find(options, optopt)->name,
				find(options, optopt)->argument);
		if (value == '?')
			return fail_word(command, options, argv);
		result = set(command, find(options, value), optarg);
		if (result >= 0)
			return result;
	}
	return -1;
}

int seep_options_parse(const struct seep_command *command, const struct seep_option *options,
	enum seep_operands operands, int argc, char **argv, int *first)
{
	struct tables tables = {0};
	int result;

	if (make_tables(&tables, options, operands) < 0)
		result = seep_command_fail(command, "out of memory");
	else
		result = parse(command, options, &tables, argc, argv);
	*first = optind;
	free(tables.longs);
	free(tables.shorts);
	return result;
}

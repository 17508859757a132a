/* SPDX-License-Identifier: Apache-2.0
 *
 * Options by table: values of every kind, what is refused and with which words, suggestions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct seep_command command = {.name = "try", .usage = "[options] THING"};
static const char *const colors[] = {"red", "green", NULL};

struct values {
	bool loud;
	const char *name;
	struct seep_list items;
	uint64_t number, size;
	unsigned color;
};

/* What was said on stdout and stderr during the last parse. */
static char said[8192];

static int parse(struct values *v, enum seep_operands operands, int *first, char **argv)
{
	const struct seep_option table[] = {
		{"loud", 'l', SEEP_OPTION_FLAG, &v->loud, NULL, "much noise", NULL},
		{"name", 'n', SEEP_OPTION_TEXT, &v->name, "NAME", "of the thing", NULL},
		{"item", 'i', SEEP_OPTION_LIST, &v->items, "ITEM", "one more\nthing", NULL},
		{"number", 0, SEEP_OPTION_NUMBER, &v->number, "N", "how many", NULL},
		{"size", 0, SEEP_OPTION_BYTES, &v->size, "SIZE", "how large", NULL},
		{"color", 0, SEEP_OPTION_CHOICE, &v->color, "red|green", "which", colors},
		{0},
	};
	int argc = 0, result, saved[2] = {dup(1), dup(2)};
	FILE *file = tmpfile();
	size_t length;

	fflush(stdout);
	dup2(fileno(file), 1);
	dup2(fileno(file), 2);
	while (argv[argc])
		argc++;
	result = seep_options_parse(&command, table, operands, argc, argv, first);
	fflush(stdout);
	dup2(saved[0], 1);
	dup2(saved[1], 2);
	close(saved[0]);
	close(saved[1]);
	rewind(file);
	length = fread(said, 1, sizeof(said) - 1, file);
	said[length] = '\0';
	fclose(file);
	return result;
}

#define PARSE(v, operands, first, ...) parse(v, operands, first, (char *[]){"try", __VA_ARGS__, NULL})

static void values_arrive(void **state)
{
	struct values v = {0};
	int first;

	(void)state;
	assert_int_equal(PARSE(&v, SEEP_OPERANDS_ANYWHERE, &first, "thing", "-l", "--name=x y", "-ione", "--item",
				 "two", "--number", "12", "--size", "1.5K", "--color", "green"),
		-1);
	assert_true(v.loud);
	assert_string_equal(v.name, "x y");
	assert_int_equal(v.items.count, 2);
	assert_string_equal(v.items.items[1], "two");
	assert_int_equal(v.number, 12);
	assert_int_equal(v.size, 1536);
	assert_int_equal(v.color, 1);
	assert_int_equal(first, 12);
	assert_string_equal(said, "");
	seep_list_clear(&v.items);
}

static void operands_may_end_the_options(void **state)
{
	struct values v = {0};
	int first;

	(void)state;
	assert_int_equal(PARSE(&v, SEEP_OPERANDS_LAST, &first, "-n", "x", "program", "-l", "--unknown"), -1);
	assert_int_equal(first, 3);
	assert_false(v.loud);
	assert_int_equal(PARSE(&v, SEEP_OPERANDS_LAST, &first, "--", "-l"), -1);
	assert_int_equal(first, 2);
	assert_false(v.loud);
}

static void mistakes_are_told(void **state)
{
	static const struct {
		char *word, *next;
		const char *said;
	} cases[] = {
		{"--nmae", "x", "seep try: unknown option '--nmae'. Did you mean --name?\n"},
		{"--numbr=3", NULL, "seep try: unknown option '--numbr=3'. Did you mean --number?\n"},
		{"--zzzzzz", NULL, "seep try: unknown option '--zzzzzz'. `seep try --help` lists the options\n"},
		{"-z", NULL, "seep try: unknown option '-z'. `seep try --help` lists the options\n"},
		{"--name", NULL, "seep try: --name needs an argument: NAME\n"},
		{"-n", NULL, "seep try: --name needs an argument: NAME\n"},
		{"--loud=3", NULL, "seep try: --loud takes no argument\n"},
		{"--number", "-3", "seep try: --number: '-3' is no number\n"},
		{"--number", "3x", "seep try: --number: '3x' is no number\n"},
		{"--number", "99999999999999999999", "seep try: --number: '99999999999999999999' is no number\n"},
		{"--size", "1Q", "seep try: --size: '1Q' is no size; expected something like 1500, 64K or 2MiB\n"},
		{"--color", "gren", "seep try: --color: 'gren' is none of red, green. Did you mean 'green'?\n"},
		{"--color", "ultraviolet", "seep try: --color: 'ultraviolet' is none of red, green\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct values v = {0};
		int first;

		assert_int_equal(
			PARSE(&v, SEEP_OPERANDS_ANYWHERE, &first, cases[i].word, cases[i].next), SEEP_EXIT_USAGE);
		assert_string_equal(said, cases[i].said);
	}
}

static void help_comes_from_the_table(void **state)
{
	struct values v = {0};
	int first;

	(void)state;
	assert_int_equal(PARSE(&v, SEEP_OPERANDS_ANYWHERE, &first, "--help"), SEEP_EXIT_DONE);
	assert_string_equal(said,
		"usage: seep try [options] THING\n"
		"\n"
		"options:\n"
		"  -l, --loud                much noise\n"
		"  -n, --name NAME           of the thing\n"
		"  -i, --item ITEM           one more\n"
		"                            thing\n"
		"      --number N            how many\n"
		"      --size SIZE           how large\n"
		"      --color red|green     which\n"
		"  -h, --help                show this\n");
}

static void sizes_are_powers_of_1024(void **state)
{
	static const char *const bad[] = {
		"", "-1", "K", "1KK", "1 K", "0x10", "1e30", "99999999T", "nan", "inf", "1KiBs"};
	uint64_t bytes;

	(void)state;
	assert_int_equal(seep_options_bytes("0", &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(seep_options_bytes("512KiB", &bytes), 0);
	assert_int_equal(bytes, 524288);
	assert_int_equal(seep_options_bytes("2m", &bytes), 0);
	assert_int_equal(bytes, 2097152);
	assert_int_equal(seep_options_bytes("0.5GB", &bytes), 0);
	assert_int_equal(bytes, 536870912);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seep_options_bytes(bad[i], &bytes), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(operands_may_end_the_options),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(help_comes_from_the_table),
		cmocka_unit_test(sizes_are_powers_of_1024),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

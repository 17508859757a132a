/* SPDX-License-Identifier: Apache-2.0
 *
 * The baseline's file: what is written is read again, is sorted, and is the same bytes whatever the order; and what is no
 * baseline is told so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "baseline.h"
#include "output_file.h"

static char folder[] = "/tmp/seep-test-baseline.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/known.json", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static const struct seep_baseline_site sites[] = {
	{.id = 0x1, .unfreed = {2, 20}, .function = "b", .file = "src/b.c", .component = "src", .callers = "main"},
	{.id = 0xfedcba9876543210, .unfreed = {1, 0}, .function = "a", .component = "libz.so", .callers = ""},
	{.id = 0x3,
		.unfreed = {7, 1ull << 40},
		.function = "z",
		.file = "src/a.c",
		.component = "src",
		.callers = "x < main"},
	{.id = 0x2, .unfreed = {2, 20}, .function = "b", .file = "src/b.c", .component = "src", .callers = "main"},
};

static const char text[] =
	"{\"schema\": \"seep-gate-baseline/1\", \"sites\": [\n"
	"{\"function\": \"a\", \"component\": \"libz.so\", \"bytes\": 0, \"blocks\": 1, \"callers\": \"\", "
	"\"id\": \"fedcba9876543210\"},\n"
	"{\"function\": \"z\", \"file\": \"src/a.c\", \"component\": \"src\", \"bytes\": 1099511627776, \"blocks\": 7, "
	"\"callers\": \"x < main\", \"id\": \"0000000000000003\"},\n"
	"{\"function\": \"b\", \"file\": \"src/b.c\", \"component\": \"src\", \"bytes\": 20, \"blocks\": 2, "
	"\"callers\": \"main\", \"id\": \"0000000000000001\"},\n"
	"{\"function\": \"b\", \"file\": \"src/b.c\", \"component\": \"src\", \"bytes\": 20, \"blocks\": 2, "
	"\"callers\": \"main\", \"id\": \"0000000000000002\"}\n"
	"]}\n";

static void assert_file(const char *expected)
{
	char found[2000];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, expected);
}

/* In every order of four. */
static void test_written_the_same(void **state)
{
	struct seep_error error;

	(void)state;
	for (unsigned order = 0; order < 256; order++) {
		unsigned which[] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6};
		struct seep_baseline *b;

		if ((1u << which[0] | 1u << which[1] | 1u << which[2] | 1u << which[3]) != 15)
			continue;
		b = seep_baseline_create();
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(seep_baseline_add(b, &sites[which[i]]), 0);
		assert_int_equal(seep_baseline_write(b, path, &error), 0);
		seep_baseline_free(b);
		assert_file(text);
	}
}

static void test_read_again(void **state)
{
	struct seep_baseline *b;
	struct seep_error error;

	(void)state;
	assert_int_equal(seep_baseline_read(&b, path, &error), 0);
	assert_int_equal(b->count, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct seep_baseline_site *found = seep_baseline_find(b, sites[i].id);

		assert_non_null(found);
		assert_int_equal(found->unfreed.count, sites[i].unfreed.count);
		assert_int_equal(found->unfreed.bytes, sites[i].unfreed.bytes);
		assert_string_equal(found->function, sites[i].function);
	}
	assert_null(seep_baseline_find(b, 4));
	assert_int_equal(seep_baseline_write(b, path, &error), 0);
	seep_baseline_free(b);
	assert_file(text);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", ":1: '[' or '{' expected near end of file"},
		{"{}", " is no baseline: expected \"schema\": \"seep-gate-baseline/1\" and \"sites\""},
		{"{\"schema\": \"seep-gate-baseline/2\", \"sites\": []}",
			" is no baseline: expected \"schema\": \"seep-gate-baseline/1\" and \"sites\""},
		{"{\"schema\": \"seep-gate-baseline/1\", \"sites\": [{}]}",
			": site 1 is none: expected \"id\" of 16 hexadecimal digits, \"bytes\" and \"blocks\""},
		{"{\"schema\": \"seep-gate-baseline/1\", \"sites\": [{\"id\": \"12\", \"bytes\": 1, \"blocks\": 1}]}",
			": site 1 is none: expected \"id\" of 16 hexadecimal digits, \"bytes\" and \"blocks\""},
		{"{\"schema\": \"seep-gate-baseline/1\", \"sites\": [{\"id\": \"0123456789abcdef\", \"bytes\": -1, "
		 "\"blocks\": 1}]}",
			": site 1 is none: expected \"id\" of 16 hexadecimal digits, \"bytes\" and \"blocks\""},
		{"{\"schema\": \"seep-gate-baseline/1\", \"sites\": [{\"id\": \"0123456789abcdef\", \"bytes\": 1, "
		 "\"blocks\": 1}, {\"id\": \"0123456789abcdef\", \"bytes\": 1, \"blocks\": 1}]}",
			": site 0123456789abcdef is there twice; make it anew with --update-baseline"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_baseline *b;
		struct seep_error error;
		FILE *file = fopen(path, "w");

		fputs(cases[i].text, file);
		fclose(file);
		assert_int_equal(seep_baseline_read(&b, path, &error), -1);
		assert_null(b);
		assert_int_equal(strncmp(error.text, path, strlen(path)), 0);
		assert_string_equal(error.text + strlen(path), cases[i].error);
	}
}

/* A report must not take the place of /dev/stdout, nor of a link that somebody made. */
static void test_link_stays(void **state)
{
	struct seep_output_file file;
	struct seep_error error;
	struct stat status;
	char link[80];

	(void)state;
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(seep_output_file_open(&file, link, &error), 0);
	fputs("x\n", file.stream);
	assert_int_equal(seep_output_file_close(&file, &error), 0);
	assert_int_equal(lstat(link, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_file("x\n");
	unlink(link);
}

/* What is dropped leaves what was there; the folder holds nothing else. */
static void test_dropped(void **state)
{
	struct seep_output_file file;
	struct seep_error error;

	(void)state;
	assert_int_equal(seep_output_file_open(&file, path, &error), 0);
	fputs("half", file.stream);
	fflush(file.stream);
	assert_file("x\n");
	seep_output_file_drop(&file);
	assert_file("x\n");
	assert_int_equal(seep_output_file_open(&file, "/no/such/folder/x", &error), -1);
	assert_string_equal(error.text, "/no/such/folder/x can't be written: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_the_same),
		cmocka_unit_test(test_read_again),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_link_stays),
		cmocka_unit_test(test_dropped),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

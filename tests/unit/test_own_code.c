/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose code a file is, by its path; and what source files are called from the repository's root.
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

#include "own_code.h"
#include "sources.h"

static const struct seep_list none;

static void test_places(void **state)
{
	static const struct {
		const char *path;
		bool own;
	} cases[] = {
		{"/home/ada/project/build/test", true},
		{"/build/project/test", true},
		{"/tmp/x/test", true},
		{"/srv/ci/job/libown.so", true},
		{"/usr/src/app/test", true},
		{"/root/.cache/bazel/_bazel/execroot/test", true},
		{"/usr/bin/python3.11", false},
		{"/usr/local/bin/python3", false},
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", false},
		{"/lib/x86_64-linux-gnu/libc.so.6", false},
		{"/lib64/ld-linux-x86-64.so.2", false},
		{"/bin/sh", false},
		{"/opt/tool/bin/x", false},
		{"/nix/store/abc-glibc/lib/libc.so.6", false},
		{"/root/.cargo/bin/cargo", false},
		{"/home/ada/.pyenv/versions/3.11/bin/python3", false},
		{"/home/ada/venv/lib/python3.11/site-packages/numpy/core.so", false},
		{"/home/ada/project/node_modules/x/build/x.node", false},
		{"[vdso]", false},
		{"linux-vdso.so.1", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (seep_own_code(&none, "/nowhere", cases[i].path) != cases[i].own)
			fail_msg("%s", cases[i].path);
}

/* What is below the root is the project's wherever that is; packages in it are not. */
static void test_root(void **state)
{
	(void)state;
	assert_true(seep_own_code(&none, "/opt/product", "/opt/product/bin/x"));
	assert_false(seep_own_code(&none, "/opt/product", "/opt/products/bin/x"));
	assert_false(seep_own_code(&none, "/opt/product", "/opt/product/.venv/lib/python3/site-packages/x.so"));
	assert_true(seep_own_code(&none, "/root/.work", "/root/.work/x"));
	assert_false(seep_own_code(&none, "/", "/usr/bin/x"));
}

static void test_globs(void **state)
{
	const char *items[] = {"/opt/product/*", "bin/tool"};
	const struct seep_list globs = {items, 2};

	(void)state;
	assert_true(seep_own_code(&globs, "/home/ada", "/opt/product/lib/x.so"));
	assert_true(seep_own_code(&globs, "/home/ada", "/usr/bin/tool"));
	assert_false(seep_own_code(&globs, "/home/ada", "/home/ada/x"));
}

/* ---- Sources ---- */

static char folder[] = "/tmp/seep-test-sources.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_folder(void **state)
{
	char path[200];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/src", folder);
	if (mkdir(path, 0700) != 0)
		return -1;
	write_file("src/a.c", "one\n\ttwo\nthree\x1b[31m\nfour\nfive\nsix\nseven");
	return 0;
}

static int remove_folder(void **state)
{
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/src/a.c", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/src", folder);
	rmdir(path);
	return rmdir(folder);
}

static void assert_name(struct seep_sources *s, const char *file, const char *name, bool below)
{
	bool is_below;

	/* the second time from what is remembered */
	for (int i = 0; i < 2; i++) {
		assert_string_equal(seep_sources_name(s, file, &is_below), name);
		assert_int_equal(is_below, below);
	}
}

static void test_names(void **state)
{
	const char *items[] = {"/build/here=.", "/other=lib", "/third=/usr/include"};
	const struct seep_list maps = {items, 3};
	struct seep_sources *s;
	struct seep_error error;
	char path[200];

	(void)state;
	assert_int_equal(seep_sources_open(&s, folder, &maps, &error), 0);
	snprintf(path, sizeof(path), "%s/src/a.c", folder);
	assert_name(s, path, "src/a.c", true);
	snprintf(path, sizeof(path), "%s//src/a.c", folder);
	assert_name(s, path, "src/a.c", true);
	snprintf(path, sizeof(path), "%s.c", folder);
	assert_name(s, path, path, false);
	assert_name(s, "/build/here/src/a.c", "src/a.c", true);
	assert_name(s, "/build/heresrc/a.c", "/build/heresrc/a.c", false);
	assert_name(s, "/other/x.c", "lib/x.c", true);
	assert_name(s, "/third/stdio.h", "/usr/include/stdio.h", false);
	assert_name(s, "src/a.c", "src/a.c", true);
	assert_name(s, "./src/a.c", "src/a.c", true);
	assert_name(s, "csu/libc-start.c", "csu/libc-start.c", false);
	seep_sources_close(s);
	assert_int_equal(seep_sources_open(&s, "/no/such/folder", &none, &error), -1);
}

static void test_lines(void **state)
{
	struct seep_source_line lines[SEEP_SOURCE_LINES];
	struct seep_sources *s;
	struct seep_error error;

	(void)state;
	assert_int_equal(seep_sources_open(&s, folder, &none, &error), 0);
	assert_int_equal(seep_sources_around(s, "src/a.c", 4, lines), 5);
	assert_int_equal(lines[0].number, 2);
	assert_string_equal(lines[0].text, "        two");
	assert_string_equal(lines[1].text, "three?[31m");
	assert_string_equal(lines[4].text, "six");
	assert_int_equal(seep_sources_around(s, "src/a.c", 1, lines), 3);
	assert_int_equal(lines[0].number, 1);
	assert_int_equal(seep_sources_around(s, "src/a.c", 7, lines), 3);
	assert_string_equal(lines[2].text, "seven");
	assert_int_equal(seep_sources_around(s, "src/a.c", 8, lines), 0);
	assert_int_equal(seep_sources_around(s, "src/a.c", 0, lines), 0);
	assert_int_equal(seep_sources_around(s, "src/missing.c", 1, lines), 0);
	assert_int_equal(seep_sources_around(s, "src", 1, lines), 0);
	assert_int_equal(seep_sources_around(s, "/dev/zero", 1, lines), 0);
	seep_sources_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

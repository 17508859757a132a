/* SPDX-License-Identifier: Apache-2.0
 *
 * Components: which rule claims a stack, what a stack is without one, and how a rules file may be wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "components.h"
#include "error.h"
#include "symbols.h"
#include "wrappers.h"

struct place {
	const char *function, *file, *module;
};

static struct seep_wrappers *wrappers;
static char folder[] = "/tmp/seep-components-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) && !chdir(folder) && !seep_wrappers_open(&wrappers, NULL, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	seep_wrappers_close(wrappers);
	unlink("rules");
	unlink(SEEP_COMPONENTS_FILE);
	return rmdir(folder);
}

static void file_write(const char *path, const char *text, size_t bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

static struct seep_components *open_rules(const char *path)
{
	struct seep_components *c = NULL;
	struct seep_error e = {""};

	if (seep_components_open(&c, path, wrappers, &e))
		fail_msg("%s", e.text);
	return c;
}

static const char *component(const struct seep_components *c, const struct place *places, size_t count)
{
	struct seep_frame frames[8];

	for (size_t i = 0; i < count; i++)
		frames[i] = (struct seep_frame){.function = places[i].function,
			.file = places[i].file,
			.module = places[i].module,
			.named = strstr(places[i].function, "+0x") == NULL};
	return seep_components_of(c, frames, count);
}

#define EXPECT(c, name, ...) \
	do { \
		const struct place places_[] = {__VA_ARGS__}; \
		assert_string_equal(component(c, places_, sizeof(places_) / sizeof(places_[0])), name); \
	} while (0)

static void test_rules(void **state)
{
	static const char rules[] =
		"; ours\n"
		"[session handling]\n"
		"file = session/t*.c\n"
		"\tfunction = session_*   ; indented, with a comment\n"
		"function = user::drop\n"
		"# and\n"
		"[http]\n"
		"file = /usr/src/http.c\n"
		"module = libhttp.so*\n"
		"[empty]\n"
		"[session handling]\n"
		"function = late\n"
		"[wrapped]\n"
		"function = xcalloc\n";
	struct seep_components *c;

	(void)state;
	file_write("rules", rules, sizeof(rules) - 1);
	c = open_rules("rules");
	EXPECT(c, "session handling", {"f", "/build/x/session/table.c", "app"});
	EXPECT(c, "session handling", {"f", "session/tree.c", "app"});
	EXPECT(c, "x/session", {"f", "/build/x/session/login.c", "app"});
	EXPECT(c, "session handling", {"session_new", NULL, "app"});
	EXPECT(c, "session handling", {"user::drop(int)", NULL, "app"});
	EXPECT(c, "session handling", {"late", NULL, "app"});
	EXPECT(c, "http", {"f", "/usr/src/http.c", "app"});
	EXPECT(c, "http", {"libhttp.so.1+0x12", NULL, "libhttp.so.1"});
	/* The leaf's side comes first, whatever the order of the sections; */
	EXPECT(c, "http", {"f", NULL, "libhttp.so.1"}, {"session_new", NULL, "app"});
	EXPECT(c, "session handling", {"session_new", NULL, "app"}, {"f", NULL, "libhttp.so.1"});
	/* at one frame the first section has it. */
	EXPECT(c, "session handling", {"session_new", NULL, "libhttp.so"});
	/* Where a wrapper lies counts only if nothing else does; its name always does. */
	EXPECT(c, "session handling", {"xmalloc", NULL, "libhttp.so"}, {"session_new", NULL, "app"});
	EXPECT(c, "http", {"xmalloc", NULL, "libhttp.so"}, {"main", NULL, "app"});
	EXPECT(c, "wrapped", {"xcalloc", NULL, "libhttp.so"}, {"session_new", NULL, "app"});
	/* A function rule means names, not addresses. */
	EXPECT(c, "session_lib", {"session_lib+0x12", NULL, "session_lib"});
	seep_components_close(c);
}

static void test_without_rules(void **state)
{
	struct seep_components *c = open_rules(NULL);

	(void)state;
	EXPECT(c, "src/session", {"malloc", "/x/y/z.c", "libc.so.6"},
		{"login", "/build/app/src/session/login.c", "app"}, {"main", "/build/app/src/main.c", "app"});
	EXPECT(c, "src", {"login", "src/login.c", "app"});
	EXPECT(c, "a/b", {"login", "a/b/login.c", "app"});
	EXPECT(c, "tmp", {"login", "/tmp/login.c", "app"});
	EXPECT(c, "app", {"login", "login.c", "app"});
	EXPECT(c, "app", {"login", "/login.c", "app"});
	EXPECT(c, "app", {"malloc", NULL, "libc.so.6"}, {"login", NULL, "app"}, {"main", "/build/src/main.c", "app"});
	EXPECT(c, "libx.so.1", {"libx.so.1+0x12", NULL, "libx.so.1"});
	EXPECT(c, "unknown", {"0x7f0000000012", NULL, ""});
	assert_string_equal(seep_components_of(c, NULL, 0), "unknown");
	seep_components_close(c);
}

static void test_default_file(void **state)
{
	static const char rules[] = "[mine]\nfunction=f\n";
	struct seep_components *c;

	(void)state;
	file_write(SEEP_COMPONENTS_FILE, rules, sizeof(rules) - 1);
	c = open_rules(NULL);
	EXPECT(c, "mine", {"f", NULL, "app"});
	seep_components_close(c);
	unlink(SEEP_COMPONENTS_FILE);
	c = open_rules(NULL);
	EXPECT(c, "app", {"f", NULL, "app"});
	seep_components_close(c);
}

static void expect_wrong(const char *rules, size_t bytes, const char *beginning, const char *expected)
{
	struct seep_components *c = NULL;
	struct seep_error e;

	file_write("rules", rules, bytes);
	assert_int_equal(seep_components_open(&c, "rules", wrappers, &e), -1);
	assert_null(c);
	if (strncmp(e.text, beginning, strlen(beginning)) || !strstr(e.text, expected))
		fail_msg("said \"%s\", not \"%s... %s\"", e.text, beginning, expected);
}

static void test_wrong_rules(void **state)
{
	static const char *const cases[][3] = {
		{"[a]\nfile = x\nfiles = y\n", "rules:3: expected ", "\"function\", \"file\" or \"module\""},
		{"file = x\n[a]\n", "rules:1: expected ", "[component]"},
		{"[a]\n\nfile =\n", "rules:3: expected ", "a glob"},
		{"[a]\nfile x\n", "rules:2: expected ", "\"key = value\""},
		{"[a\nfile = x\n", "rules:1: expected ", "a section's name"},
		{"[]\nfile = x\n", "rules:1: expected ", "a section's name"},
		{"[a]\nnonsense\nwrong = x\n", "rules:2: expected ", "\"key = value\""},
		{"[a]\nwrong = x\nnonsense\n", "rules:2: expected ", "\"function\", \"file\" or \"module\""},
		{"[123456789 123456789 123456789 123456789 123456789 ]\n", "rules:1: expected ", "at most 49"},
	};
	char line[400] = "[a]\nfile = ";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_wrong(cases[i][0], strlen(cases[i][0]), cases[i][1], cases[i][2]);
	memset(line + strlen(line), 'x', 300);
	strcat(line, "\n");
	expect_wrong(line, strlen(line), "rules:2: expected ", "a line of at most");
	expect_wrong("[a]\nfile = x\0y\n", 15, "rules:2: expected ", "text");
}

static void test_missing_file(void **state)
{
	struct seep_components *c = NULL;
	struct seep_error e;

	(void)state;
	assert_int_equal(seep_components_open(&c, "not-there", wrappers, &e), -1);
	assert_non_null(strstr(e.text, "not-there"));
	assert_non_null(strstr(e.text, "No such file"));
	assert_int_equal(seep_components_open(&c, "/", wrappers, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_without_rules),
		cmocka_unit_test(test_default_file),
		cmocka_unit_test(test_wrong_rules),
		cmocka_unit_test(test_missing_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Globs: what each piece of a pattern matches, and the two matchers for paths and functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "globs.h"

static void test_pieces(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{"", "", true},
		{"", "a", false},
		{"a", "", false},
		{"abc", "abc", true},
		{"abc", "abcd", false},
		{"abcd", "abc", false},
		{"abc", "ABC", false},
		{"*", "", true},
		{"*", "a/b/c", true},
		{"a*", "a", true},
		{"a*c", "abbbc", true},
		{"a*c", "abbbd", false},
		{"*.c", "dir/x.c", true},
		{"*.c", "x.cc", false},
		{"a*b*c", "a1b2b3c", true},
		{"*ab*ab", "abab", true},
		{"*ab*ab", "aba", false},
		{"**a", "a", true},
		{"?", "a", true},
		{"?", "", false},
		{"?", "ab", false},
		{"a?c", "abc", true},
		{"[abc]x", "bx", true},
		{"[abc]x", "dx", false},
		{"[a-c]", "b", true},
		{"[a-c]", "d", false},
		{"[!a-c]", "d", true},
		{"[!a-c]", "a", false},
		{"[]]", "]", true},
		{"[!]]", "]", false},
		{"[a-]", "-", true},
		{"[\xc3]", "\xc3", true},
		{"x[", "x[", true},
		{"operator new[]", "operator new[]", true},
		{"operator new[](*)", "operator new[](unsigned long)", true},
		{"[!", "[!", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"\\[a]", "[a]", true},
		{"a\\", "a\\", true},
		{"*[0-9]", "malloc7", true},
		{"*[0-9]", "malloc", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (seep_glob_match(cases[i].pattern, cases[i].text) != cases[i].match)
			fail_msg("\"%s\" should %smatch \"%s\"", cases[i].pattern, cases[i].match ? "" : "not ",
				cases[i].text);
}

/* A matcher that tries every way to spread the text over the stars would need longer than the universe is old. */
static void test_many_stars_end(void **state)
{
	char pattern[256], text[4096];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		memcpy(pattern + 2 * i, "*a", 2);
	strcpy(pattern + 200, "b");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(seep_glob_match(pattern, text));
	text[sizeof(text) - 2] = 'b';
	assert_true(seep_glob_match(pattern, text));
}

static void test_path(void **state)
{
	(void)state;
	assert_true(seep_glob_match_path("session/[a-z]*.c", "/build/x/session/table.c"));
	assert_true(seep_glob_match_path("table.c", "/build/x/session/table.c"));
	assert_true(seep_glob_match_path("/build/*", "/build/x/session/table.c"));
	assert_true(seep_glob_match_path("build/*", "/build/x/session/table.c"));
	assert_true(seep_glob_match_path("table.c", "table.c"));
	assert_false(seep_glob_match_path("table.*", "/build/timetable.c"));
	assert_false(seep_glob_match_path("session", "/build/x/session/table.c"));
	assert_false(seep_glob_match_path("", "/build/"));
	assert_true(seep_glob_match_path("", ""));
}

static void test_function(void **state)
{
	(void)state;
	assert_true(seep_glob_match_function("session::drop", "session::drop(int)"));
	assert_true(seep_glob_match_function("session::drop(*", "session::drop(int)"));
	assert_true(seep_glob_match_function("session::drop", "session::drop"));
	assert_true(seep_glob_match_function("session::get", "session::get() const"));
	assert_false(seep_glob_match_function("session::dro", "session::drop(int)"));
	assert_false(seep_glob_match_function("session::drop(int", "session::drop(int)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_many_stars_end),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

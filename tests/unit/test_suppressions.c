/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppressions: LeakSanitizer's and Valgrind's rules by hand, their files, and what the gate adds to both. That the two tools
 * themselves say the same is checked by tests/cli/gate_suppressions.bats.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_gate.h"
#include "suppressions.h"

static void test_lsan_patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{"foo", "foo", true},
		{"foo", "a foo b", true},
		{"foo", "fo", false},
		{"foo", "", false},
		{"", "foo", true},
		{"^foo", "foobar", true},
		{"^foo", "a foo", false},
		{"foo$", "a foo", true},
		{"foo$", "foo b", false},
		{"^foo$", "foo", true},
		{"^foo$", "foobar", false},
		{"a*b", "xxaxxbxx", true},
		{"a*b", "xxbxxaxx", false},
		{"^a*b$", "aXXb", true},
		{"^*b$", "ab", true},
		{"^a*$", "abc", true},
		{"a*b*c", "abc", true},
		{"a*b*c", "acb", false},
		/* the leftmost place is taken, and kept */
		{"foo$", "foo foo", false},
		{"*foo$", "foo foo", false},
		{"a*b$", "ab b", false},
		{"libz.so", "/usr/lib/libz.so.1", true},
		{"std::map<*>::insert", "std::map<int, int>::insert(int)", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (seep_suppressions_lsan_match(cases[i].pattern, cases[i].text) != cases[i].match)
			fail_msg("%s on %s", cases[i].pattern, cases[i].text);
}

/* Whether the text suppresses the stack. */
static bool suppresses(const char *text, const char *stack)
{
	struct seep_suppressions *s = seep_suppressions_create("2026-06-15");
	const struct seep_suppression *found;
	struct seep_error error;
	bool result;

	assert_non_null(s);
	if (seep_suppressions_read_text(s, "x.supp", text, &error) < 0)
		fail_msg("%s", error.text);
	found = seep_suppressions_match(s, made_stack(stack));
	result = found && !found->expired;
	seep_suppressions_free(s);
	made_clear(NULL, 0);
	return result;
}

static void test_lsan_subjects(void **state)
{
	(void)state;
	assert_true(suppresses("leak:session_open", "session_open < main"));
	assert_true(suppresses("leak:main", "session_open < main"));
	assert_true(suppresses("leak:libthird.so", "f!libthird.so.2 < main"));
	assert_true(suppresses("leak:src/pool.c", "f@src/pool.c:12 < main"));
	assert_false(suppresses("leak:session_close", "session_open < main"));
	assert_true(suppresses("# a comment\n\n  leak:foo  \n\tleak:bar\n", "bar < main"));
	/* its stacks begin in malloc, or in the operator new that it replaces */
	assert_true(suppresses("leak:^malloc$", "f < main"));
	assert_false(suppresses("leak:^malloc$", "operator new(unsigned long)!libstdc++.so.6 < main"));
	assert_true(suppresses("leak:operator new", "operator new(unsigned long)!libstdc++.so.6 < main"));
}

#define ENTRY(lines) "{\n  a name\n  Memcheck:Leak\n" lines "\n}\n"

static void test_valgrind_context(void **state)
{
	static const char stack[] = "inner@lib/a.c:7 < middle!libthird.so.2 < outer < main";

	(void)state;
	assert_true(suppresses(ENTRY("fun:malloc\nfun:inner"), stack));
	assert_true(suppresses(ENTRY("fun:calloc\nfun:inner"), stack));
	assert_true(suppresses(ENTRY("fun:*alloc\nfun:inner\nobj:libthird.so.*"), stack));
	assert_true(suppresses(ENTRY("obj:*vgpreload_memcheck*\nfun:inner"), stack));
	assert_false(suppresses(ENTRY("fun:inner"), stack));
	assert_false(suppresses(ENTRY("fun:malloc\nfun:middle"), stack));
	assert_true(suppresses(ENTRY("...\nfun:outer"), stack));
	assert_true(suppresses(ENTRY("fun:malloc\n...\nfun:outer\nfun:main"), stack));
	assert_true(suppresses(ENTRY("...\nfun:middle\n...\nfun:main"), stack));
	assert_true(suppresses(ENTRY("...\nfun:inner\n...\nfun:middle"), stack));
	assert_false(suppresses(ENTRY("...\nfun:outer\n...\nfun:inner"), stack));
	assert_true(suppresses(ENTRY("fun:malloc\nsrc:a.c:7"), stack));
	assert_true(suppresses(ENTRY("fun:malloc\nsrc:a.c"), stack));
	assert_false(suppresses(ENTRY("fun:malloc\nsrc:a.c:8"), stack));
	assert_true(suppresses(ENTRY("fun:m?lloc\nfun:inn*"), stack));
	assert_false(suppresses(ENTRY("fun:malloc\nfun:inner\nfun:middle\nfun:outer\nfun:main\nfun:start"), stack));
	assert_true(suppresses(ENTRY("fun:malloc\nfun:inner\nfun:middle\nfun:outer\nfun:main\n..."), stack));
	/* brackets mean nothing to Valgrind */
	assert_false(suppresses(ENTRY("...\nfun:[io]nner"), stack));
}

static void test_valgrind_new(void **state)
{
	static const char stack[] = "operator new(unsigned long)!libstdc++.so.6 < f < main";

	(void)state;
	assert_true(suppresses(ENTRY("fun:operator new*\nfun:f"), stack));
	assert_false(suppresses(ENTRY("fun:malloc\nfun:operator new*\nfun:f"), stack));
}

static void test_valgrind_kinds(void **state)
{
	(void)state;
	assert_true(suppresses(ENTRY("match-leak-kinds: reachable\nfun:malloc\nfun:f"), "f < main"));
	assert_true(suppresses("{\n n\n Helgrind,Memcheck:Leak\n ...\n fun:f\n}\n", "f < main"));
	assert_false(suppresses("{\n n\n Memcheck:Cond\n ...\n fun:f\n}\n", "f < main"));
	assert_false(suppresses("{\n n\n Helgrind:Race\n fun:f\n}\n", "f < main"));
	assert_true(
		suppresses("# c\n{\n n\n Memcheck:Param\n write(buf)\n fun:f\n}\n" ENTRY("...\nfun:f"), "f < main"));
}

static void test_expiry(void **state)
{
	(void)state;
	assert_true(suppresses("# expires: 2026-06-15\nleak:f\n", "f < main"));
	assert_false(suppresses("# expires: 2026-06-14\nleak:f\n", "f < main"));
	assert_false(suppresses("# expires: 2020-01-01\nleak:g\nleak:f\n", "f < main"));
	assert_true(suppresses("# expires: 2020-01-01\nleak:g\n\nleak:f\n", "f < main"));
	assert_true(suppresses("# expires: 2020-01-01\nleak:g\n# owner: jane\nleak:f\n", "f < main"));
	assert_false(suppresses("# Expires: 2020-01-01\n" ENTRY("...\nfun:f"), "f < main"));
	/* another entry that has not expired counts */
	assert_true(suppresses("# expires: 2020-01-01\nleak:f\n\nleak:main\n", "f < main"));
}

static void test_shown(void **state)
{
	struct seep_suppressions *s = seep_suppressions_create("2026-06-15");
	const struct seep_suppression *first, *second;
	struct seep_error error;

	(void)state;
	assert_int_equal(
		seep_suppressions_read_text(s, "x.supp",
			"# owner: Jane Doe <jane@example.org>\n# expires: 2026-07-01\nleak:f\nleak:g\n", &error),
		0);
	first = seep_suppressions_at(s, 0);
	second = seep_suppressions_at(s, 1);
	assert_null(seep_suppressions_at(s, 2));
	assert_string_equal(first->origin, "x.supp:3");
	assert_string_equal(first->name, "leak:f");
	assert_string_equal(first->owner, "Jane Doe <jane@example.org>");
	assert_string_equal(first->expires, "2026-07-01");
	assert_string_equal(second->owner, first->owner);
	seep_suppressions_free(s);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"leek:f\n", "x.supp:1: expected leak:PATTERN (or, in Valgrind's form, a '{' first), not 'leek:f'"},
		{"leak:f\nrace:g\n",
			"x.supp:2: expected leak:PATTERN (or, in Valgrind's form, a '{' first), not 'race:g'"},
		{"leak:\n", "x.supp:1: expected leak:PATTERN (or, in Valgrind's form, a '{' first), not 'leak:'"},
		{"# expires: tomorrow\nleak:f\n",
			"x.supp:1: expected a day like 2027-03-31 after \"expires:\", not 'tomorrow'"},
		{"# expires: 2026-13-01\nleak:f\n",
			"x.supp:1: expected a day like 2027-03-31 after \"expires:\", not '2026-13-01'"},
		{"{\n n\n", "x.supp:2: expected a '}' before the end of the file"},
		{"{\n n\n Memcheck:Leak\n}\n", "x.supp:4: expected at least one fun:, obj: or src: line, not '}'"},
		{"{\n n\n Memcheck\n fun:f\n}\n", "x.supp:3: expected TOOL:KIND such as Memcheck:Leak, not 'Memcheck'"},
		{"{\n n\n Memcheck:Leak\n func:f\n}\n",
			"x.supp:4: expected fun:NAME, obj:FILE, src:FILE[:LINE], '...' or '}', not 'func:f'"},
		{"{\n n\n Memcheck:Leak\n fun:f\n}\nleak:x\n",
			"x.supp:6: expected a '{' on a line of its own, not 'leak:x'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_suppressions *s = seep_suppressions_create("2026-06-15");
		struct seep_error error;

		assert_int_equal(seep_suppressions_read_text(s, "x.supp", cases[i].text, &error), -1);
		assert_string_equal(error.text, cases[i].error);
		seep_suppressions_free(s);
	}
}

/* What is written for a stack matches it, in both forms, and not another way to the same function. */
static void test_written(void **state)
{
	static const char *const stacks[] = {"f < main", "strdup!libc.so.6 < f < main",
		"operator new(unsigned long)!libstdc++.so.6 < f < g < main", "f!libthird.so < main"};

	(void)state;
	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++)
		for (int form = SEEP_SUPPRESSION_VALGRIND; form <= SEEP_SUPPRESSION_LSAN; form++) {
			struct seep_gate_stack *stack = made_stack(stacks[i]);
			char *text = NULL;
			size_t bytes;
			FILE *out = open_memstream(&text, &bytes);

			stack->at = i == 1 || i == 2;
			seep_suppressions_write(out, (enum seep_suppression_form)form, stack);
			fclose(out);
			assert_true(suppresses(text, stacks[i]));
			assert_false(suppresses(text, "h < main"));
			if (form == SEEP_SUPPRESSION_VALGRIND)
				assert_false(suppresses(text, "f < other < main"));
			free(text);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lsan_patterns),
		cmocka_unit_test(test_lsan_subjects),
		cmocka_unit_test(test_valgrind_context),
		cmocka_unit_test(test_valgrind_new),
		cmocka_unit_test(test_valgrind_kinds),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies: the file's keys, what options say instead, and every kind of line that is none.
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

#include "policy.h"

static char folder[] = "/tmp/seep-test-policy.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/gate.ini", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_policy(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static struct seep_policy policy;

static void read_policy(const char *text)
{
	struct seep_error error;

	write_policy(text);
	if (seep_policy_read(&policy, path, &error) < 0 || seep_policy_finish(&policy, &error) < 0)
		fail_msg("%s", error.text);
}

static void assert_budget(size_t number, const char *component, uint64_t bytes, uint64_t blocks)
{
	assert_true(number < policy.budget_count);
	if (component)
		assert_string_equal(policy.budgets[number].component, component);
	else
		assert_null(policy.budgets[number].component);
	assert_int_equal(policy.budgets[number].max_bytes, bytes);
	assert_int_equal(policy.budgets[number].max_blocks, blocks);
}

static void test_nothing(void **state)
{
	(void)state;
	seep_policy_init(&policy);
	read_policy("");
	assert_int_equal(policy.budget_count, 1);
	assert_budget(0, NULL, 0, 0);
	assert_true(policy.budgets[0].rest);
	assert_false(policy.scales);
	assert_int_equal(policy.max_peak, SEEP_POLICY_UNSET);
	assert_int_equal(seep_policy_budget(&policy, "anything"), 0);
	seep_policy_clear(&policy);
}

static void test_keys(void **state)
{
	(void)state;
	seep_policy_init(&policy);
	read_policy(
		"# a comment\n"
		"max-peak = 1M ; and another\n"
		"  since=warm\n"
		"until = done\n"
		"baseline = known.json\n"
		"suppressions = a.supp\n"
		"suppressions = /etc/b.supp\n"
		"no-builtin = yes\n"
		"github = no\n"
		"error-exitcode = 42\n"
		"path-map = /build=src\n"
		"code = */bin/x\n"
		"[component session handling]\n"
		"max-unfreed = 4K\n"
		"[component cache]\n"
		"max-blocks = 7\n"
		"[component strict]\n");
	assert_int_equal(policy.max_peak, 1 << 20);
	assert_string_equal(policy.since, "warm");
	assert_string_equal(policy.until, "done");
	assert_true(policy.no_builtin);
	assert_false(policy.github);
	assert_int_equal(policy.error_exitcode, 42);
	assert_string_equal(policy.path_maps.items[0], "/build=src");
	assert_string_equal(policy.code.items[0], "*/bin/x");
	/* files count from the policy's folder */
	assert_int_equal(strncmp(policy.baseline, folder, strlen(folder)), 0);
	assert_string_equal(policy.baseline + strlen(folder), "/known.json");
	assert_string_equal(policy.suppressions.items[0] + strlen(folder), "/a.supp");
	assert_string_equal(policy.suppressions.items[1], "/etc/b.supp");
	assert_int_equal(policy.budget_count, 4);
	assert_budget(0, NULL, 0, 0);
	assert_budget(1, "session handling", 4096, SEEP_POLICY_UNSET);
	assert_budget(2, "cache", SEEP_POLICY_UNSET, 7);
	assert_budget(3, "strict", 0, 0);
	assert_int_equal(seep_policy_budget(&policy, "cache"), 2);
	seep_policy_clear(&policy);
}

static void test_options_win(void **state)
{
	const char *items[] = {"cache=1", "2K"}, *suppressions[] = {"own.supp"};

	(void)state;
	seep_policy_init(&policy);
	policy.since = "mine";
	policy.error_exitcode = 7;
	policy.max_unfreed.items = malloc(sizeof(items));
	memcpy(policy.max_unfreed.items, items, sizeof(items));
	policy.max_unfreed.count = 2;
	policy.suppressions.items = malloc(sizeof(suppressions));
	memcpy(policy.suppressions.items, suppressions, sizeof(suppressions));
	policy.suppressions.count = 1;
	read_policy(
		"since = theirs\nuntil = theirs\nerror-exitcode = 9\nmax-unfreed = 100\nsuppressions = a.supp\n"
		"[component cache]\nmax-unfreed = 50\n");
	assert_string_equal(policy.since, "mine");
	assert_string_equal(policy.until, "theirs");
	assert_int_equal(policy.error_exitcode, 7);
	assert_budget(0, NULL, 2048, SEEP_POLICY_UNSET);
	assert_false(policy.budgets[0].rest);
	assert_budget(1, "cache", 1, SEEP_POLICY_UNSET);
	assert_int_equal(policy.suppressions.count, 2);
	assert_string_equal(policy.suppressions.items[1], "own.supp");
	seep_policy_clear(&policy);
}

static void test_scale(void **state)
{
	static const struct {
		const char *text;
		uint64_t first, second, third;
	} cases[] = {{"100,200", 100, 200, 0}, {"1,2,9", 1, 2, 9}, {"0,5", 0, 5, 0}, {"", 0, 0, 0}, {"5", 0, 0, 0},
		{"200,100", 0, 0, 0}, {"5,5", 0, 0, 0}, {"1,2,3,4", 0, 0, 0}, {"1,2,2", 0, 0, 0}, {"a,b", 0, 0, 0},
		{"1,2x", 0, 0, 0}, {"-1,2", 0, 0, 0}, {"1,", 0, 0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_error error;
		int result;

		seep_policy_init(&policy);
		policy.scale = cases[i].text;
		result = seep_policy_finish(&policy, &error);
		assert_int_equal(result, cases[i].second ? 0 : -1);
		if (result == 0) {
			assert_true(policy.scales);
			assert_int_equal(policy.iterations[0], cases[i].first);
			assert_int_equal(policy.iterations[1], cases[i].second);
			assert_int_equal(policy.iterations[2], cases[i].third);
		}
		seep_policy_clear(&policy);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error; /* behind the file's name */
	} cases[] = {
		{"max-unfread = 3\n", ":1: 'max-unfread' is no key of a policy. Did you mean max-unfreed?"},
		{"\nwhatever = 3\n", ":2: 'whatever' is no key of a policy"},
		{"max-unfreed = lots\n",
			":1: max-unfreed: 'lots' is no size; expected something like 1500, 64K or 2MiB"},
		{"max-blocks = 1K\n", ":1: max-blocks: '1K' is no number of blocks"},
		{"max-peak = -1\n", ":1: max-peak: '-1' is no size; expected something like 1500, 64K or 2MiB"},
		{"github = maybe\n", ":1: github: expected yes or no, not 'maybe'"},
		{"since =\n", ":1: expected a value behind 'since ='"},
		{"since\n", ":1: expected \"[section]\" or \"key = value\""},
		{"[components x]\n", ":1: expected [component NAME], not [components x]"},
		{"[component ]\n", ":1: expected [component NAME], not [component ]"},
		{"[component x]\nsince = m\n",
			":2: expected max-unfreed or max-blocks in a component's section, not 'since'"},
		{"[component x\n", ":1: expected a section's name between '[' and ']'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_error error;

		seep_policy_init(&policy);
		write_policy(cases[i].text);
		assert_int_equal(seep_policy_read(&policy, path, &error), -1);
		assert_int_equal(strncmp(error.text, path, strlen(path)), 0);
		assert_string_equal(error.text + strlen(path), cases[i].error);
		seep_policy_clear(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_options_win),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate's outputs: texts that mean something to XML, Markdown, JSON or GitHub, the limits that GitHub has, and places that are not
 * in the repository. What they look like for real programs is in tests/cli/gate_reports.bats.
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
#include <jansson.h>

#include "gate_outputs.h"
#include "support_gate.h"

static struct seep_policy policy;
static struct seep_gate_measure measure;
static struct seep_gate_case given;
static struct seep_verdict verdict;
static bool seen[8] = {true, true};
static char folder[] = "/tmp/seep-test-outputs.XXXXXX";
static char summary[64];

static int begin(void **state)
{
	struct seep_error error;

	(void)state;
	if (!summary[0]) {
		if (!mkdtemp(folder))
			return -1;
		snprintf(summary, sizeof(summary), "%s/summary.md", folder);
	}
	seep_policy_init(&policy);
	memset(&measure, 0, sizeof(measure));
	given = (struct seep_gate_case){
		.policy = &policy, .measures = &measure, .measure_count = 1, .command_status = -1};
	return seep_sources_open(&given.sources, folder, &policy.path_maps, &error);
}

static int end(void **state)
{
	(void)state;
	seep_gate_clear(&verdict);
	seep_sources_close(given.sources);
	seep_policy_clear(&policy);
	made_clear(&measure, 1);
	unlink(summary);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void judge(void)
{
	struct seep_error error;

	measure.seen = seen;
	if (seep_policy_finish(&policy, &error) < 0 || seep_gate_judge(&verdict, &given, &error) < 0)
		fail_msg("%s", error.text);
}

static char *written(int (*write)(FILE *, struct seep_verdict *))
{
	static char *text;
	size_t bytes;
	FILE *out;

	free(text);
	out = open_memstream(&text, &bytes);
	assert_int_equal(write(out, &verdict), 0);
	fclose(out);
	return text;
}

static int write_markdown(FILE *out, struct seep_verdict *v)
{
	return seep_markdown_write(out, v, SIZE_MAX);
}

static void assert_in(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in:\n%s", part, text);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part))) {
		count++;
		text += strlen(part);
	}
	return count;
}

/* A function whose name holds what each format would take for its own. */
static void test_escapes(void **state)
{
	(void)state;
	made_process(&measure, "a", "1*8 f&\"x|y*_`#");
	measure.processes[0].tallies[0].stack->frames[0].function = "f<a>&\"x|y*_`#";
	judge();
	assert_in(written(seep_junit_write), "f&lt;a&gt;&amp;&quot;x|y*_`#");
	assert_in(written(write_markdown), "f&lt;a&gt;&amp;\"x\\|y\\*\\_\\`\\#");
	json_decref(json_loads(written(seep_gitlab_write), 0, NULL));
	assert_in(written(seep_gitlab_write), "f<a>&\\\"x|y*_`#");
}

static void test_github_escapes(void **state)
{
	char file[100];

	(void)state;
	snprintf(file, sizeof(file), "1*8 f@%s/a,b%%.c:3 < main", folder);
	made_process(&measure, "a", file);
	judge();
	assert_in(written(seep_github_write),
		"::error file=a%2Cb%25.c,line=3,title=Memory leak::8 bytes in 1 block, allocated by f at a,b%25.c:3, "
		"are "
		"never freed\n");
}

/* A place outside the repository can't be annotated. */
static void test_outside(void **state)
{
	(void)state;
	made_process(&measure, "a", "1*8 f@/usr/include/x.h:3");
	judge();
	assert_in(written(seep_github_write), "::error title=Memory leak::8 bytes");
	assert_in(written(seep_gitlab_write), "\"path\": \"seep-gate.ini\"");
	assert_in(written(seep_sarif_write), "\"uri\": \"file:///usr/include/x.h\"");
}

static void make_many(unsigned sites)
{
	for (unsigned i = 0; i < sites; i++) {
		char text[64];

		snprintf(text, sizeof(text), "1*8 function_%u < main", i);
		made_process(&measure, "a", text);
	}
	judge();
	assert_int_equal(verdict.fails, sites);
}

static void test_ten_annotations(void **state)
{
	(void)state;
	make_many(10);
	assert_int_equal(count_of(written(seep_github_write), "::error "), 10);
	assert_null(strstr(written(seep_github_write), "more sites"));
}

static void test_more_than_ten_annotations(void **state)
{
	(void)state;
	make_many(11);
	assert_int_equal(count_of(written(seep_github_write), "::error "), 10);
	assert_in(written(seep_github_write), "2 more sites leak");
}

static void test_annotations_with_others(void **state)
{
	(void)state;
	policy.max_peak = 1;
	given.reason = "the reason";
	make_many(30);
	assert_int_equal(count_of(written(seep_github_write), "::error "), 10);
	assert_in(written(seep_github_write), "23 more sites leak");
	assert_in(written(seep_github_write), "inconclusive::the reason");
}

static off_t summary_bytes(void)
{
	struct stat status;

	return stat(summary, &status) == 0 ? status.st_size : 0;
}

/* A summary of more than a MiB would be dropped whole. */
static void test_summary_limit(void **state)
{
	struct seep_error error;
	off_t before;

	(void)state;
	make_many(4000);
	for (int i = 0; i < 4; i++)
		assert_int_equal(seep_github_summarize(summary, &verdict, &error), 0);
	before = summary_bytes();
	assert_true(before <= 1 << 20);
	assert_true(before > (1 << 20) - 2000);
	assert_int_equal(seep_github_summarize(summary, &verdict, &error), 0);
	assert_true(summary_bytes() <= 1 << 20);
}

/* What is there already stays. */
static void test_summary_appends(void **state)
{
	struct seep_error error;
	char text[200];
	FILE *file = fopen(summary, "w");

	(void)state;
	fputs("before\n", file);
	fclose(file);
	made_process(&measure, "a", "1*8 f < main");
	judge();
	assert_int_equal(seep_github_summarize(summary, &verdict, &error), 0);
	file = fopen(summary, "r");
	assert_non_null(fgets(text, sizeof(text), file));
	assert_string_equal(text, "before\n");
	assert_non_null(fgets(text, sizeof(text), file));
	assert_in(text, "seep gate: leak: 8 bytes in 1 block at 1 site");
	fclose(file);
	assert_int_equal(seep_github_summarize("", &verdict, &error), 0);
	assert_int_equal(seep_github_summarize("/no/such/folder/x", &verdict, &error), -1);
}

static void test_inconclusive(void **state)
{
	(void)state;
	judge();
	assert_in(written(seep_junit_write), "errors=\"1\"");
	assert_in(written(seep_junit_write),
		"<error type=\"inconclusive\" message=\"no process was recorded to its end\">");
	assert_in(written(seep_sarif_write), "\"executionSuccessful\": false");
	assert_string_equal(written(seep_gitlab_write), "[]\n");
	assert_in(written(seep_gate_json_write), "\"verdict\": \"inconclusive\"");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_escapes),
		TEST(test_github_escapes),
		TEST(test_outside),
		TEST(test_ten_annotations),
		TEST(test_more_than_ten_annotations),
		TEST(test_annotations_with_others),
		TEST(test_summary_limit),
		TEST(test_summary_appends),
		TEST(test_inconclusive),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}

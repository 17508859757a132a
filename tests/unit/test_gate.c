/* SPDX-License-Identifier: Apache-2.0
 *
 * The verdict, from processes whose figures are made by hand: budgets, baseline, suppressions, growth, and all that must not be
 * green.
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

static struct seep_policy policy;
static struct seep_gate_measure measures[3];
static struct seep_gate_case given;
static struct seep_verdict verdict;
static bool seen[8];

static int begin(void **state)
{
	struct seep_error error;

	(void)state;
	seep_policy_init(&policy);
	memset(measures, 0, sizeof(measures));
	memset(seen, 1, sizeof(seen));
	given = (struct seep_gate_case){
		.policy = &policy, .measures = measures, .measure_count = 1, .command_status = -1};
	given.suppressions = seep_suppressions_create("2026-06-15");
	return given.suppressions && seep_sources_open(&given.sources, "/", &policy.path_maps, &error) == 0 ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	seep_gate_clear(&verdict);
	seep_suppressions_free(given.suppressions);
	seep_sources_close(given.sources);
	seep_policy_clear(&policy);
	made_clear(measures, 3);
	return 0;
}

static void judge(void)
{
	struct seep_error error;

	for (size_t i = 0; i < 3; i++)
		measures[i].seen = seen;
	if (seep_policy_finish(&policy, &error) < 0 || seep_gate_judge(&verdict, &given, &error) < 0)
		fail_msg("%s", error.text);
}

static void assert_count(const struct seep_trace_count *of, uint64_t blocks, uint64_t bytes)
{
	assert_int_equal(of->count, blocks);
	assert_int_equal(of->bytes, bytes);
}

static void limit(struct seep_list *list, const char *item)
{
	list->items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
	assert_non_null(list->items);
	list->items[list->count++] = item;
}

static void test_clean(void **state)
{
	(void)state;
	made_process(&measures[0], "a", "");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	assert_int_equal(verdict.exit_code, 0);
	assert_int_equal(verdict.judged, 1);
}

static void test_one_byte(void **state)
{
	(void)state;
	made_process(&measures[0], "a", "1*1 f@x.c:5 < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_int_equal(verdict.exit_code, 1);
	assert_int_equal(verdict.fails, 1);
	assert_count(&made_site(&verdict, "f")->unfreed, 1, 1);
	assert_int_equal(made_site(&verdict, "f")->line, 5);
}

/* A block of no bytes is a block. */
static void test_no_bytes(void **state)
{
	(void)state;
	made_process(&measures[0], "a", "1*0 f < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
}

/* Figures of a site are those of the process that has most: more tests of the same kind change nothing. */
static void test_processes(void **state)
{
	(void)state;
	made_process(&measures[0], "a", "2*20 f < main; 1*5 g < main");
	made_process(&measures[0], "b", "3*10 f < main");
	judge();
	assert_int_equal(verdict.site_count, 2);
	assert_count(&made_site(&verdict, "f")->unfreed, 3, 20);
	assert_count(&made_site(&verdict, "f")->total, 5, 30);
	assert_int_equal(made_site(&verdict, "f")->processes, 2);
	assert_string_equal(made_site(&verdict, "f")->process, "a (1)");
	assert_count(&verdict.by_fate[SEEP_GATE_FAILS], 6, 35);
}

/* Lines of one function are sites of their own; a baseline, which knows no lines, has them as one. */
static void test_lines(void **state)
{
	struct seep_baseline *b;

	(void)state;
	made_process(&measures[0], "a", "1*10 f@x.c:5 < main; 1*30 f@x.c:9 < main; 1*1 f@x.c:9 < main");
	judge();
	assert_int_equal(verdict.site_count, 2);
	assert_count(&verdict.sites[0].unfreed, 2, 31);
	assert_int_equal(verdict.sites[0].line, 9);
	assert_int_equal(verdict.sites[0].ordinal, 2);
	assert_count(&verdict.sites[1].unfreed, 1, 10);
	assert_int_equal(verdict.sites[1].line, 5);
	assert_int_equal(verdict.sites[1].ordinal, 1);
	b = seep_gate_baseline(&verdict);
	assert_int_equal(b->count, 1);
	assert_count(&b->sites[0].unfreed, 3, 41);
	/* a line more in the same function grows it, and both lines are told, as nobody can say which is new */
	given.baseline = b;
	made_clear(measures, 1);
	made_process(&measures[0], "a", "3*41 f@x.c:5 < main; 1*1 f@x.c:7 < main");
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.fails, 2);
	assert_int_equal(verdict.sites[0].change, SEEP_GATE_GREW);
	seep_baseline_free(b);
}

static void test_whole_budget(void **state)
{
	(void)state;
	limit(&policy.max_unfreed, "100");
	made_process(&measures[0], "a", "5*60 f < main; 1*40 g < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	assert_int_equal(made_site(&verdict, "f")->fate, SEEP_GATE_WITHIN_BUDGET);
	assert_count(&verdict.budgets[0].used, 6, 100);
}

static void test_whole_budget_exceeded(void **state)
{
	(void)state;
	limit(&policy.max_unfreed, "99");
	made_process(&measures[0], "a", "5*60 f < main; 1*40 g < main");
	made_process(&measures[0], "b", "1*7 h < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_int_equal(verdict.fails, 2);
	assert_int_equal(made_site(&verdict, "h")->fate, SEEP_GATE_WITHIN_BUDGET);
	assert_true(verdict.budgets[0].exceeded);
}

static void test_block_budget(void **state)
{
	(void)state;
	limit(&policy.max_blocks, "5");
	made_process(&measures[0], "a", "5*1000000 f < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	made_process(&measures[0], "b", "6*6 f < main");
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
}

/* A component with a budget of its own does not count against what is left for the rest, which is nothing. */
static void test_component_budget(void **state)
{
	(void)state;
	limit(&policy.max_unfreed, "app=100");
	made_process(&measures[0], "a", "1*90 f < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	assert_count(&verdict.budgets[1].used, 1, 90);
	assert_count(&verdict.budgets[0].used, 0, 0);
	measures[0].processes[0].tallies[0].stack->component = "other";
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_true(verdict.budgets[0].exceeded);
}

/* With a limit for the whole, components count against it too. */
static void test_component_and_whole(void **state)
{
	(void)state;
	limit(&policy.max_unfreed, "app=100");
	limit(&policy.max_unfreed, "80");
	made_process(&measures[0], "a", "1*90 f < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_true(verdict.budgets[0].exceeded);
	assert_false(verdict.budgets[1].exceeded);
}

static void test_component_unseen(void **state)
{
	(void)state;
	limit(&policy.max_unfreed, "app=100");
	seen[1] = false;
	made_process(&measures[0], "a", "");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_INCONCLUSIVE);
	assert_int_equal(verdict.exit_code, 3);
}

static void test_suppressed(void **state)
{
	struct seep_error error;

	(void)state;
	assert_int_equal(seep_suppressions_read_text(given.suppressions, "x", "leak:^f$\nleak:never\n", &error), 0);
	made_process(&measures[0], "a", "2*20 f < main");
	made_process(&measures[0], "b", "1*5 f < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	assert_int_equal(verdict.sites[0].fate, SEEP_GATE_SUPPRESSED);
	assert_count(&seep_suppressions_at(given.suppressions, 0)->used, 3, 25);
	assert_count(&seep_suppressions_at(given.suppressions, 1)->used, 0, 0);
}

static void test_expired(void **state)
{
	struct seep_error error;

	(void)state;
	assert_int_equal(
		seep_suppressions_read_text(given.suppressions, "x", "# expires: 2026-06-14\nleak:f\n", &error), 0);
	made_process(&measures[0], "a", "2*20 f < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_non_null(verdict.sites[0].suppression);
}

/* Only the program that brings them has them. */
static void test_brought(void **state)
{
	struct seep_suppressions *own = seep_suppressions_create("2026-06-15");
	struct seep_error error;

	(void)state;
	assert_int_equal(seep_suppressions_read_text(own, "a's own", "leak:f\n", &error), 0);
	made_process(&measures[0], "a", "1*20 f < main");
	measures[0].processes[0].brought = own;
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	made_process(&measures[0], "b", "1*20 f < main");
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	seep_suppressions_free(own);
}

static void test_start_memory(void **state)
{
	(void)state;
	made_process(&measures[0], "a", "1*72704 f < main");
	measures[0].processes[0].tallies[0].stack->start_reason = "the reason";
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	assert_int_equal(verdict.sites[0].fate, SEEP_GATE_START_MEMORY);
	policy.no_builtin = true;
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
}

/* In a program of the system only what went through the project's code counts. */
static void test_foreign_program(void **state)
{
	(void)state;
	made_process(&measures[0], "python3", "9*900 alloc!libpython.so < main!python3");
	measures[0].processes[0].own = false;
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	assert_int_equal(verdict.sites[0].fate, SEEP_GATE_NOT_OWN);
	made_process(&measures[0], "python3", "1*8 strdup!libc.so.6 < extension < main!python3");
	measures[0].processes[1].own = false;
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_int_equal(verdict.fails, 1);
}

/* ---- Baseline ---- */

static void known(struct seep_baseline *b, const char *stack, uint64_t blocks, uint64_t bytes)
{
	const struct seep_baseline_site site = {
		.id = made_stack(stack)->id, .unfreed = {blocks, bytes}, .function = stack};

	assert_int_equal(seep_baseline_add(b, &site), 0);
}

static void test_ratchet(void **state)
{
	struct seep_baseline *b = seep_baseline_create();

	(void)state;
	known(b, "same < main", 2, 20);
	known(b, "shrank < main", 2, 20);
	known(b, "gone < main", 2, 20);
	given.baseline = b;
	made_process(&measures[0], "a", "2*20 same < main; 1*10 shrank < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	assert_int_equal(made_site(&verdict, "same")->change, SEEP_GATE_SAME);
	assert_int_equal(made_site(&verdict, "same")->fate, SEEP_GATE_IN_BASELINE);
	assert_int_equal(made_site(&verdict, "shrank")->change, SEEP_GATE_SHRANK);
	assert_int_equal(verdict.gone_count, 1);
	assert_string_equal(verdict.gone[0].function, "gone < main");
	seep_baseline_free(b);
}

static void test_ratchet_grows(void **state)
{
	static const char *const now[] = {"2*21 f < main", "3*20 f < main", "2*20 f < main; 1*0 g < main"};

	(void)state;
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		struct seep_baseline *b = seep_baseline_create();

		known(b, "f < main", 2, 20);
		given.baseline = b;
		made_process(&measures[0], "a", now[i]);
		judge();
		assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
		assert_int_equal(verdict.fails, 1);
		assert_int_equal(verdict.sites[0].change, i < 2 ? SEEP_GATE_GREW : SEEP_GATE_NEW);
		seep_gate_clear(&verdict);
		made_clear(measures, 1);
		seep_baseline_free(b);
	}
}

/* A budget does not allow what is in the baseline to grow. */
static void test_ratchet_in_budget(void **state)
{
	struct seep_baseline *b = seep_baseline_create();

	(void)state;
	limit(&policy.max_unfreed, "1000");
	known(b, "f < main", 2, 20);
	given.baseline = b;
	made_process(&measures[0], "a", "2*21 f < main; 1*500 g < main");
	judge();
	assert_int_equal(verdict.fails, 1);
	assert_string_equal(verdict.sites[0].function, "f");
	assert_int_equal(made_site(&verdict, "g")->fate, SEEP_GATE_WITHIN_BUDGET);
	seep_baseline_free(b);
}

/* What a verdict would write passes as its baseline, and is the same whatever the order of the processes. */
static void test_update(void **state)
{
	struct seep_baseline *b;

	(void)state;
	made_process(&measures[0], "a", "2*20 f < main; 1*5 g < main");
	made_process(&measures[0], "b", "9*10 f < main");
	judge();
	b = seep_gate_baseline(&verdict);
	assert_non_null(b);
	assert_int_equal(b->count, 2);
	assert_count(&seep_baseline_find(b, made_stack("f < main")->id)->unfreed, 9, 20);
	given.baseline = b;
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	seep_baseline_free(b);
}

/* ---- Peak ---- */

static void test_peak(void **state)
{
	(void)state;
	policy.max_peak = 5000;
	made_process(&measures[0], "a", "");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_PASS);
	policy.max_peak = 4999;
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_int_equal(verdict.peak.bytes, 5000);
}

/* ---- Never green without a measurement ---- */

static void assert_inconclusive(const char *reason)
{
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_INCONCLUSIVE);
	assert_int_equal(verdict.exit_code, 3);
	if (!strstr(verdict.reasons[0], reason))
		fail_msg("'%s' is not in '%s'", reason, verdict.reasons[0]);
	seep_gate_clear(&verdict);
}

static void test_inconclusive(void **state)
{
	(void)state;
	assert_inconclusive("no process was recorded");
	made_process(&measures[0], "a", "");
	measures[0].processes[0].state = SEEP_GATE_FOREIGN;
	assert_inconclusive("no process ran code of the project");
	measures[0].processes[0].state = SEEP_GATE_EXECUTED;
	assert_inconclusive("no process was recorded to its end");
	measures[0].processes[0].state = SEEP_GATE_UNRELIABLE;
	measures[0].processes[0].reason = "it was killed";
	assert_inconclusive("a (1): it was killed");
	measures[0].processes[0].state = SEEP_GATE_UNMARKED;
	policy.since = "warm";
	assert_inconclusive("no process has the mark \"warm\"");
	policy.since = NULL;
	measures[0].processes[0].state = SEEP_GATE_MEASURED;
	measures[0].processes[0].allocations = 0;
	assert_inconclusive("no allocation was seen");
	measures[0].processes[0].allocations = 5;
	given.reason = "nothing was recorded: it is static";
	assert_inconclusive("it is static");
}

/* One process that can't be relied on is enough, however many others pass; but a leak of the others is one. */
static void test_partly_inconclusive(void **state)
{
	(void)state;
	made_process(&measures[0], "a", "");
	made_process(&measures[0], "b", "5*50 f < main");
	measures[0].processes[1].state = SEEP_GATE_UNRELIABLE;
	measures[0].processes[1].reason = "it was killed";
	assert_inconclusive("b (2): it was killed");
	made_process(&measures[0], "c", "1*1 g < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_int_equal(verdict.fails, 1);
	assert_int_equal(verdict.reason_count, 1);
}

static void test_exit_codes(void **state)
{
	(void)state;
	made_process(&measures[0], "a", "1*1 g < main");
	policy.error_exitcode = 42;
	judge();
	assert_int_equal(verdict.exit_code, 42);
	given.command_status = 5;
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
	assert_int_equal(verdict.exit_code, 5);
	given.command_status = 0;
	seep_gate_clear(&verdict);
	judge();
	assert_int_equal(verdict.exit_code, 42);
}

/* ---- Growth ---- */

/* Blocks of one site at the iterations of each run; 0 for the third: there was none. */
static bool grows(unsigned first, unsigned second, unsigned third)
{
	const unsigned blocks[] = {first, second, third};
	bool fails;

	policy.scale = "100,200,500";
	given.iterations = policy.iterations;
	given.measure_count = third ? 3 : 2;
	for (size_t i = 0; i < given.measure_count; i++) {
		char text[100];

		snprintf(text, sizeof(text), "%u*%u f < main; 10000*50000 once < main", blocks[i], blocks[i] * 10);
		made_process(&measures[i], "a", text);
	}
	judge();
	assert_int_equal(made_site(&verdict, "once")->fate, SEEP_GATE_ONCE);
	fails = verdict.fails == 1;
	assert_int_equal(verdict.answer, fails ? SEEP_GATE_LEAK : SEEP_GATE_PASS);
	return fails;
}

static void check_growth(unsigned first, unsigned second, unsigned third, bool expected)
{
	void *state = NULL;

	if (grows(first, second, third) != expected)
		fail_msg("%u, %u, %u", first, second, third);
	end(&state);
	begin(&state);
}

static void test_growth(void **state)
{
	(void)state;
	check_growth(5, 5, 0, false);
	check_growth(5, 4, 0, false);
	check_growth(2, 4, 0, true);
	check_growth(0, 1, 0, true);
	/* 1 in 50 goes on growing */
	check_growth(2, 4, 10, true);
	/* a cache that was full, a race that went the other way */
	check_growth(60, 100, 100, false);
	check_growth(3, 4, 3, false);
	check_growth(3, 4, 4, false);
	/* a leak that comes at random */
	check_growth(1, 4, 8, true);
}

static void test_growth_figures(void **state)
{
	(void)state;
	assert_true(grows(2, 4, 10));
	assert_true(verdict.sites[0].bytes_per_iteration > 0.1999 && verdict.sites[0].bytes_per_iteration < 0.2001);
	assert_true(verdict.sites[0].blocks_per_iteration > 0.01999 && verdict.sites[0].blocks_per_iteration < 0.02001);
	assert_count(&verdict.sites[0].at_iterations[1], 4, 40);
}

/* A buffer that grows with the iterations is one block all the time. */
static void test_growth_of_bytes(void **state)
{
	(void)state;
	policy.scale = "100,200";
	given.iterations = policy.iterations;
	given.measure_count = 2;
	made_process(&measures[0], "a", "1*1000 f < main");
	made_process(&measures[1], "a", "1*2000 f < main");
	judge();
	assert_int_equal(verdict.answer, SEEP_GATE_LEAK);
}

/* Neither the list of start-up memory nor budgets are needed to tell what grows; a run without a process is no proof. */
static void test_growth_needs_both(void **state)
{
	(void)state;
	policy.scale = "100,200";
	given.iterations = policy.iterations;
	given.measure_count = 2;
	made_process(&measures[0], "a", "1*1000 f < main");
	assert_inconclusive("the run with 200 iterations left nothing");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clean),
		TEST(test_one_byte),
		TEST(test_no_bytes),
		TEST(test_processes),
		TEST(test_lines),
		TEST(test_whole_budget),
		TEST(test_whole_budget_exceeded),
		TEST(test_block_budget),
		TEST(test_component_budget),
		TEST(test_component_and_whole),
		TEST(test_component_unseen),
		TEST(test_suppressed),
		TEST(test_expired),
		TEST(test_brought),
		TEST(test_start_memory),
		TEST(test_foreign_program),
		TEST(test_ratchet),
		TEST(test_ratchet_grows),
		TEST(test_ratchet_in_budget),
		TEST(test_update),
		TEST(test_peak),
		TEST(test_inconclusive),
		TEST(test_partly_inconclusive),
		TEST(test_exit_codes),
		TEST(test_growth),
		TEST(test_growth_figures),
		TEST(test_growth_of_bytes),
		TEST(test_growth_needs_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Suggested component rules: what is written of known sites, and that the rules, read back, sort these sites as written.
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
#include "report.h"
#include "suggestions.h"
#include "wrappers.h"

struct site {
	const char *function, *file, *module;
	uint64_t bytes, blocks;
	const char *component; /* that the rules should give it */
};

static void rows_fill(struct seep_row *rows, const struct site *sites, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct seep_row){
			.at = {.function = sites[i].function,
				.file = sites[i].file,
				.line = sites[i].file ? 7 : 0,
				.module = sites[i].module,
				.named = strstr(sites[i].function, "+0x") == NULL},
			.unfreed = {.bytes = sites[i].bytes, .count = sites[i].blocks},
			.allocated = {.bytes = 2 * sites[i].bytes + 8, .count = sites[i].blocks + 1},
			.sites = 1,
		};
}

/* The suggestions as text, to be freed. */
static char *suggest(const struct seep_row *rows, size_t count)
{
	const struct seep_report report = {.rows = (struct seep_row *)rows, .row_count = count};
	size_t bytes;
	char *text;
	FILE *stream = open_memstream(&text, &bytes);

	assert_non_null(stream);
	assert_int_equal(seep_suggestions_write(stream, &report), 0);
	fclose(stream);
	return text;
}

static void expect_components(const char *text, const struct seep_row *rows, const struct site *sites, size_t count)
{
	char path[] = "/tmp/seep-suggestions-XXXXXX";
	struct seep_components *c = NULL;
	struct seep_wrappers *w = NULL;
	struct seep_error e = {""};
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(seep_wrappers_open(&w, NULL, &e), 0);
	if (seep_components_open(&c, path, w, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(seep_components_of(c, &rows[i].at, 1), sites[i].component);
	seep_components_close(c);
	seep_wrappers_close(w);
	unlink(path);
}

static void test_sections(void **state)
{
	static const struct site sites[] = {
		/* As a report has them, the largest first. src/ comes behind src/session/, which it would claim, too. */
		{"grow", "/build/app/src/buffer.c", "app", 8000, 10, "app/src"},
		{"login", "/build/app/src/session/table.c", "app", 4096, 4, "session"},
		{"login_again", "/build/app/src/session/login.c", "app", 1024, 1, "session"},
		{"curl_easy_init", NULL, "libcurl.so.4.8.0", 500, 1, "libcurl"},
		{"odd", "/odd;[x]/na me*/y.c", "app", 300, 1, "na me?"},
		{"relative", "lib/deep/z.c", "app", 200, 1, "deep"},
		{"top", "/top/z.c", "app", 150, 1, "top"},
		{"elsewhere", "/other/session/z.c", "app", 120, 1, "session 2"},
		{"app+0x12", NULL, "app", 100, 1, "app"},
		{"bare", "bare.c", "app", 50, 1, "app"},
	};
	enum { COUNT = sizeof(sites) / sizeof(sites[0]) };
	struct seep_row rows[COUNT];
	char *text;

	(void)state;
	rows_fill(rows, sites, COUNT);
	text = suggest(rows, COUNT);
	expect_components(text, rows, sites, COUNT);
	assert_non_null(strstr(text,
		"; 5120 B (35 %) unfreed in 5 blocks at 2 sites; the largest is login (table.c:7)\n"
		"[session]\n"
		"file = src/session/*\n"));
	assert_non_null(strstr(text, "\n[libcurl]\nmodule = libcurl.so*\n"));
	assert_non_null(strstr(text, "; 500 B (3.4 %) unfreed in 1 block at 1 site; the largest is curl_easy_init\n"));
	assert_true(strstr(text, "[session]") < strstr(text, "[app/src]"));
	assert_true(strstr(text, "[app/src]") < strstr(text, "[deep]"));
	free(text);
}

/* A program that leaks nothing still has parts. */
static void test_nothing_unfreed(void **state)
{
	static const struct site sites[] = {
		{"login", "/build/app/session/table.c", "app", 0, 0, "session"},
		{"app+0x12", NULL, "app", 0, 0, "app"},
	};
	struct seep_row rows[2];
	char *text;

	(void)state;
	rows_fill(rows, sites, 2);
	text = suggest(rows, 2);
	expect_components(text, rows, sites, 2);
	assert_non_null(
		strstr(text, "; 8 B (50 %) allocated in 1 block at 1 site; the largest is login (table.c:7)\n"));
	free(text);
	text = suggest(rows, 0);
	assert_non_null(strstr(text, "no site in a known place"));
	expect_components(text, NULL, NULL, 0);
	free(text);
}

/* A first file is to be read by people. */
static void test_many(void **state)
{
	enum { MANY = 100 };
	static char files[MANY][64];
	static struct site sites[MANY];
	static struct seep_row rows[MANY];
	size_t sections = 0;
	char *text;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(files[i], sizeof(files[i]), "/build/part%03d/x.c", i);
		sites[i] = (struct site){"f", files[i], "app", (uint64_t)(1000 - i), 1, NULL};
	}
	rows_fill(rows, sites, MANY);
	text = suggest(rows, MANY);
	for (const char *c = text; (c = strstr(c, "\n[")); c++)
		sections++;
	assert_in_range(sections, 10, 60);
	assert_non_null(strstr(text, "[part000]"));
	assert_null(strstr(text, "[part099]"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_nothing_unfreed),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

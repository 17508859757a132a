/* SPDX-License-Identifier: Apache-2.0
 *
 * Traces of format version 1 that lie in tests/golden/ stay readable, and what the commands print of them stays what it is.
 * tests/golden/README.md tells how they were made and when to make them anew.
 *   test_golden                       compares (in the root of the repository)
 *   test_golden --write-expected      writes what the commands print now; look at the difference before it is committed
 *   test_golden --write-traces        makes the traces of the newest version anew
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "command.h"
#include "reader.h"
#include "support_recording.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "tests/golden/"
#define APP UINT64_C(0x555555554000)
#define LIB UINT64_C(0x7ffff7d00000)

extern const struct seep_command seep_command_report, seep_command_info;
static const char *const server_arguments[] = {"/opt/golden/server", "--port", "80", "two words", NULL};
static const uint8_t build_id[20] = {0xc0, 0xff, 0xee, 1, 2, 3};

static uint32_t app(struct recording *r)
{
	return recording_module(r, "/opt/golden/server", APP, APP + 0x9000, APP, build_id);
}

/* A block of 1200 bytes each second at one site, 7 in a cache at another that is tagged, and much that is freed: after
 * 40 s 48,000 and 700 bytes are unfreed. Everything that the format has occurs. */
static void make_whole(const char *path)
{
	const struct recording_setup setup = {
		.pid = 4711, .executable = "/opt/golden/server", .arguments = server_arguments};
	const struct seep_trace_end extra = {.truncated_stacks = 4, .lost_stacks = 1};
	struct recording *r = recording_create(path, &setup);
	uint32_t server = app(r), plugin = recording_module(r, "/opt/golden/plugin.so", LIB, LIB + 0x5000, LIB, NULL);
	struct recording_frame leak[] = {{server, APP + 0x1234}, {server, APP + 0x2000}, {server, APP + 0x3000}};
	struct recording_frame cache[] = {{plugin, LIB + 0x100}, {server, APP + 0x2100}, {server, APP + 0x3000}};
	struct recording_frame churn[] = {{server, APP + 0x1500}, {server, APP + 0x3000}};
	struct recording_frame deep[] = {{server, APP + 0x1600}, {server, APP + 0x1700}, {SEEP_MODULE_TRUNCATED, 0}};
	struct recording_frame lost[] = {{0, 0x10203040}, {SEEP_MODULE_LOST, 0}};
	uint32_t sessions = recording_tag(r, "sessions");
	size_t old = recording_allocate(r, recording_stack(r, lost, 2), 0, 64), young;

	recording_note(r, SEEP_NOTE_MARK, 0, "warm");
	for (int second = 0; second < 40; second++) {
		recording_allocate(r, recording_stack(r, leak, 3), 0, 1200);
		if (second < 7)
			recording_allocate(r, recording_stack(r, cache, 3), sessions, 100);
		if (second % 10 == 0)
			recording_free(r, recording_allocate(r, recording_stack(r, deep, 3), 0, 4096));
		young = recording_allocate(r, recording_stack(r, churn, 2), 0, 10000);
		recording_free(r, young);
		if (second == 20)
			recording_note(r, SEEP_NOTE_FORK, 4712, "");
		recording_pass(r, RECORDING_SECOND);
	}
	recording_free(r, old);
	recording_unknown_free(r);
	recording_note(r, SEEP_NOTE_MODULE_GONE, plugin, "");
	recording_frame(r, 4242, 1, "a kind of frame that version 1 does not know", 45);
	recording_pass(r, RECORDING_SECOND / 2);
	recording_end(r, SEEP_END_EXITED, 3, 0, &extra);
	recording_close(r);
}

/* Its collector was killed: no end, and half of the last frame. Forked, sampled, with dropped events. */
static void make_torn(const char *path)
{
	const struct recording_setup setup = {.pid = 4712,
		.executable = "/opt/golden/server",
		.arguments = server_arguments,
		.forked = 1,
		.sample_bytes = 65536,
		.on_full = 1};
	struct recording *r = recording_create(path, &setup);
	uint32_t server = app(r);
	struct recording_frame first[] = {{server, APP + 0x1234}, {server, APP + 0x3000}};
	struct recording_frame second[] = {{server, APP + 0x1500}, {server, APP + 0x3000}};
	uint64_t whole;

	recording_allocate(r, recording_stack(r, first, 2), 0, 500000);
	recording_drop(r, 17);
	recording_note(r, SEEP_NOTE_DROPPED, 17, "");
	recording_pass(r, RECORDING_SECOND);
	recording_allocate(r, recording_stack(r, second, 2), 0, 70000);
	recording_pass(r, RECORDING_SECOND);
	whole = recording_offset(r);
	recording_end(r, SEEP_END_EXITED, 0, 0, NULL);
	recording_close(r);
	assert_int_equal(truncate(path, (off_t)whole + 40), 0);
}

/* A program that gave everything back and replaced itself. */
static void make_clean(const char *path)
{
	const struct recording_setup setup = {.pid = 4713, .executable = "/opt/golden/tool"};
	struct recording *r = recording_create(path, &setup);
	struct recording_frame frame = {0, 0x1000};

	for (int i = 0; i < 3; i++)
		recording_free(r, recording_allocate(r, recording_stack(r, &frame, 1), 0, 10));
	recording_pass(r, RECORDING_SECOND / 100);
	recording_end(r, SEEP_END_EXEC, 0, 0, NULL);
	recording_close(r);
}

/* ---- What the commands print of them ---- */

#define WORDS_MAX 8

static const struct view {
	const char *name; /* of the expected output */
	const struct seep_command *command;
	const char *words[WORDS_MAX];
} views[] = {
	{"whole.report", &seep_command_report, {"report", "whole.seep"}},
	{"whole.json", &seep_command_report, {"report", "--json", "whole.seep"}},
	{"whole.folded", &seep_command_report, {"report", "--folded", "--sort", "allocated", "whole.seep"}},
	{"whole.by-module", &seep_command_report, {"report", "--by=module", "--stacks=0", "whole.seep"}},
	{"whole.allocated", &seep_command_report, {"report", "--sort=allocated", "-n2", "--stacks=1", "whole.seep"}},
	{"whole.colored", &seep_command_report, {"report", "--color=always", "-n1", "whole.seep"}},
	{"whole.filtered", &seep_command_report, {"report", "--filter", "tag:sess*", "whole.seep"}},
	{"whole.info", &seep_command_info, {"info", "--epochs", "whole.seep"}},
	{"torn.report", &seep_command_report, {"report", "torn.seep"}},
	{"torn.json", &seep_command_report, {"report", "--json", "torn.seep"}},
	{"torn.info", &seep_command_info, {"info", "torn.seep"}},
	{"packed.report", &seep_command_report, {"report", "packed.seep"}},
	{"packed.json", &seep_command_report, {"report", "--json", "packed.seep"}},
	{"packed.info", &seep_command_info, {"info", "--epochs", "packed.seep"}},
	{"clean.report", &seep_command_report, {"report", "clean.seep"}},
	{"clean.json", &seep_command_report, {"report", "--json", "clean.seep"}},
};

/* What a view prints, in memory that the caller frees. Runs in tests/golden/, so that no path gets into the output. */
static char *print(const struct view *view)
{
	char *argv[WORDS_MAX + 1] = {NULL}, *text;
	int argc = 0, saved = dup(1), status;
	FILE *file = tmpfile();
	long size;

	assert_non_null(file);
	while (argc < WORDS_MAX && view->words[argc]) {
		argv[argc] = strdup(view->words[argc]);
		argc++;
	}
	fflush(stdout);
	dup2(fileno(file), 1);
	status = view->command->run(view->command, argc, argv);
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	assert_int_equal(status, SEEP_EXIT_DONE);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	fclose(file);
	while (argc)
		free(argv[--argc]);
	return text;
}

static char *expected(const char *name)
{
	struct stat st;
	FILE *file = fopen(name, "r");
	char *text;

	if (!file || fstat(fileno(file), &st) < 0)
		fail_msg("%s%s can not be read; run this in the root of the repository", FOLDER, name);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	return text;
}

static void the_commands_print_what_they_printed(void **state)
{
	size_t different = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		char *now = print(&views[i]), *then = expected(views[i].name);

		if (strcmp(now, then) != 0) {
			print_message("%s%s: expected\n%s\n%s%s: now\n%s\n", FOLDER, views[i].name, then, FOLDER,
				views[i].name, now);
			different++;
		}
		free(now);
		free(then);
	}
	assert_int_equal(different, 0);
}

static struct seep_trace *read_golden(const char *name)
{
	struct seep_trace *trace;
	struct seep_error error;

	if (seep_trace_read(&trace, name, NULL, &error) < 0)
		fail_msg("%s", error.text);
	return trace;
}

/* The figures that the traces were made with. */
static void check_whole(const char *name, uint32_t version)
{
	struct seep_trace *t = read_golden(name);

	assert_true(seep_trace_complete(t));
	assert_int_equal(t->version, version);
	assert_int_equal(t->totals.allocated.count, 40 + 7 + 4 + 40 + 1);
	assert_int_equal(t->totals.allocated.bytes, 40 * 1200 + 7 * 100 + 4 * 4096 + 40 * 10000 + 64);
	assert_int_equal(t->totals.unfreed.count, 47);
	assert_int_equal(t->totals.unfreed.bytes, 48700);
	assert_int_equal(t->totals.unknown_frees, 1);
	assert_int_equal(t->kinds[0].frames, 1);
	assert_int_equal(t->epoch_count, 41);
	assert_true(t->modules[1].gone);
	assert_int_equal(t->end.exit_status, 3);
	seep_trace_free(t);
}

static void check_torn(const char *name)
{
	struct seep_trace *t = read_golden(name);

	assert_int_equal(t->state, SEEP_TRACE_RECOVERED);
	assert_int_equal(t->health.skipped_bytes, 40);
	assert_int_equal(t->totals.unfreed.bytes, 570000);
	assert_int_equal(t->totals.dropped_events, 17);
	seep_trace_free(t);
}

static void check_clean(const char *name)
{
	struct seep_trace *t = read_golden(name);

	assert_true(seep_trace_complete(t));
	assert_int_equal(t->totals.unfreed.count, 0);
	assert_int_equal(t->end.how, SEEP_END_EXEC);
	seep_trace_free(t);
}

static void the_figures_are_those_that_were_recorded(void **state)
{
	(void)state;
	check_whole("whole.seep", 1);
	check_torn("torn.seep");
	check_clean("clean.seep");
	check_whole("packed.seep", 2);
	check_torn("packed-torn.seep");
	check_clean("packed-clean.seep");
}

static void write_expected(void)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		char *text = print(&views[i]);
		FILE *file = fopen(views[i].name, "w");

		if (!file || fputs(text, file) < 0 || fclose(file) != 0)
			perror(views[i].name);
		free(text);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_figures_are_those_that_were_recorded),
		cmocka_unit_test(the_commands_print_what_they_printed),
	};

	if (chdir(FOLDER) < 0) {
		perror(FOLDER);
		return 1;
	}
	if (argc == 2 && !strcmp(argv[1], "--write-traces")) {
		make_whole("packed.seep");
		make_torn("packed-torn.seep");
		make_clean("packed-clean.seep");
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--write-expected")) {
		write_expected();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Where traces go: collector/output.c, and the settings that lead there (collector/settings.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../collector/output.h" /* analyzer/ has one too */
#include "settings.h"

#include "seep/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[64];
static char created[PATH_MAX];
static char message[PATH_MAX + 300];

static int directory_make(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/seep-test-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

/* Of the folder's files, and those one folder deeper. */
static void files_remove(const char *pattern_end)
{
	char pattern[PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/%s", directory, pattern_end);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		remove(found.gl_pathv[i]);
	globfree(&found);
}

static int directory_remove(void **state)
{
	(void)state;
	files_remove("*/*");
	files_remove("*");
	return rmdir(directory);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int create(const char *pattern, const char *executable, uint64_t run_start_ns)
{
	struct seep_settings settings = {.durable = false};
	struct seep_process *process = calloc(1, sizeof(*process));
	int fd;

	snprintf(settings.output, sizeof(settings.output), "%s/%s", directory, pattern);
	snprintf(process->executable, sizeof(process->executable), "%s", executable);
	process->pid = 4711;
	fd = seep_output_create(&settings, process, run_start_ns, created, message, sizeof(message));
	free(process);
	return fd;
}

static void expect(const char *pattern, const char *executable, uint64_t run_start_ns, const char *name)
{
	int fd = create(pattern, executable, run_start_ns);

	if (fd < 0)
		fail_msg("%s", message);
	assert_string_equal(created + strlen(directory) + 1, name);
	assert_int_equal(write(fd, SEEP_TRACE_MAGIC, 8), 8);
	close(fd);
}

static void make_old(const char *name)
{
	struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	make_old(name);
}

static void patterns_are_expanded(void **state)
{
	(void)state;
	expect("%e.%p.seep", "/usr/bin/redis-server", 1, "redis-server.4711.seep");
	expect("%%e-%e%%", "/opt/a b", 1, "%e-a b%");
	expect("%p", "/opt/x", 1, "4711");
	expect("%e.seep", "/opt/gone (deleted)", 1, "gone.seep");
	expect("%e.seep", "", 1, "-.seep");
	expect("%e.seep", "/opt/odd\nname", 1, "odd_name.seep");
	expect("%e.seep", "bare", 1, "bare.seep");
}

static void a_name_in_use_gets_a_number(void **state)
{
	(void)state;
	expect("x.seep", "/a", 1, "x.seep");
	expect("x.seep", "/a", 1, "x.1.seep");
	expect("x.seep", "/a", 1, "x.2.seep");
	expect("plain", "/a", 1, "plain");
	expect("plain", "/a", 1, "plain.1");
}

static void an_earlier_runs_trace_is_replaced(void **state)
{
	(void)state;
	expect("x.seep", "/a", 1, "x.seep");
	make_old("x.seep");
	expect("x.seep", "/a", now_ns(), "x.seep");
	/* Written during this run: kept. */
	expect("x.seep", "/a", now_ns() - 5000000000u, "x.1.seep");
}

static void what_is_no_trace_is_left_alone(void **state)
{
	char path[PATH_MAX], text[20] = "";
	int fd;

	(void)state;
	put("x.seep", "somebody's work");
	put("y.seep", "");
	expect("x.seep", "/a", now_ns(), "x.1.seep");
	expect("y.seep", "/a", now_ns(), "y.1.seep");
	snprintf(path, sizeof(path), "%s/x.seep", directory);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text) - 1), 15);
	close(fd);
	assert_string_equal(text, "somebody's work");
}

static void a_trace_that_is_being_written_is_left_alone(void **state)
{
	int fd;

	(void)state;
	fd = create("x.seep", "/a", 1);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, SEEP_TRACE_MAGIC, 8), 8);
	make_old("x.seep");
	expect("x.seep", "/a", now_ns(), "x.1.seep");
	close(fd);
	expect("x.seep", "/a", now_ns(), "x.seep");
}

static void links_and_pipes_are_not_followed(void **state)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct stat st;

	(void)state;
	put("target", "seeptrc\nold");
	snprintf(target, sizeof(target), "%s/target", directory);
	snprintf(path, sizeof(path), "%s/x.seep", directory);
	assert_int_equal(symlink(target, path), 0);
	expect("x.seep", "/a", now_ns(), "x.1.seep");
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 11);
	snprintf(path, sizeof(path), "%s/y.seep", directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect("y.seep", "/a", now_ns(), "y.1.seep");
}

/* A folder may be reached by a link of our own, but not by one of another user. */
static void folders_are_not_reached_by_links_of_others(void **state)
{
	char path[PATH_MAX], target[PATH_MAX];

	(void)state;
	snprintf(target, sizeof(target), "%s/folder", directory);
	snprintf(path, sizeof(path), "%s/link", directory);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(symlink("folder", path), 0);
	expect("link/x.seep", "/a", 1, "link/x.seep");
	expect("link//../link/y.seep", "/a", 1, "link//../link/y.seep");
	if (geteuid() != 0)
		skip();
	assert_int_equal(lchown(path, 65534, 65534), 0);
	put("folder/z.seep", SEEP_TRACE_MAGIC);
	assert_int_equal(create("link/z.seep", "/a", now_ns()), -1);
	assert_int_equal(errno, ELOOP);
	assert_non_null(strstr(message, "a link of another user"));
	expect("folder/z.seep", "/a", 1, "folder/z.1.seep");
}

static void failures_name_the_file(void **state)
{
	char longest[PATH_MAX];

	(void)state;
	assert_int_equal(create("no/such/folder", "/a", 1), -1);
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(message, "no/such/folder"));
	assert_non_null(strstr(message, "No such file"));
	memset(longest, '%', sizeof(longest));
	longest[1] = 'e';
	for (unsigned i = 0; i < 500; i++)
		memcpy(longest + 2 * i, "%e", 2);
	longest[1000] = 0;
	assert_int_equal(create(longest, "/quite-a-long-name", 1), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

/* ---- Settings ---- */

static struct seep_settings settings;

static int read_with(const char *name, const char *value)
{
	static const char *const all[] = {"SEEP_OUTPUT", "SEEP_DEPTH", "SEEP_ON_FULL", "SEEP_SAMPLE", "SEEP_SEED",
		"SEEP_EPOCH", "SEEP_MAX_TRACE", "SEEP_ONLY", "SEEP_FOLLOW", "SEEP_DURABLE"};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		unsetenv(all[i]);
	if (name)
		setenv(name, value, 1);
	return seep_settings_read(&settings, message, sizeof(message));
}

static void settings_have_defaults(void **state)
{
	char expected[PATH_MAX + 20], here[PATH_MAX];

	(void)state;
	assert_int_equal(read_with(NULL, NULL), 0);
	snprintf(expected, sizeof(expected), "%s/%%e.%%p.seep", getcwd(here, sizeof(here)));
	assert_string_equal(settings.output, expected);
	assert_int_equal(settings.depth_limit, 128);
	assert_int_equal(settings.on_full, 0);
	assert_int_equal(settings.sample_bytes, 0);
	assert_int_equal(settings.first_epoch_ns, 1000000000);
	assert_int_equal(settings.max_trace_bytes, 0);
	assert_null(settings.only);
	assert_false(settings.no_follow);
	assert_int_equal(read_with("SEEP_DEPTH", ""), 0);
	assert_int_equal(settings.depth_limit, 128);
}

static void settings_are_read(void **state)
{
	(void)state;
	assert_int_equal(read_with("SEEP_OUTPUT", "/tmp/%e-100%%"), 0);
	assert_string_equal(settings.output, "/tmp/%e-100%%");
	assert_int_equal(read_with("SEEP_DEPTH", "1024"), 0);
	assert_int_equal(settings.depth_limit, 1024);
	assert_int_equal(read_with("SEEP_ON_FULL", "drop"), 0);
	assert_int_equal(settings.on_full, 1);
	assert_int_equal(read_with("SEEP_SAMPLE", "524288"), 0);
	assert_int_equal(settings.sample_bytes, 524288);
	assert_int_equal(read_with("SEEP_SAMPLE", "512KiB"), 0);
	assert_int_equal(settings.sample_bytes, 524288);
	assert_int_equal(read_with("SEEP_SAMPLE", "3M"), 0);
	assert_int_equal(settings.sample_bytes, 3 * 1024 * 1024);
	assert_false(settings.seed_given);
	assert_int_equal(read_with("SEEP_SEED", "18446744073709551615"), 0);
	assert_true(settings.seed_given);
	assert_true(settings.sample_seed == UINT64_MAX);
	assert_int_equal(read_with("SEEP_EPOCH", "20"), 0);
	assert_int_equal(settings.first_epoch_ns, 20000000);
	assert_int_equal(read_with("SEEP_MAX_TRACE", "64KiB"), 0);
	assert_int_equal(settings.max_trace_bytes, 65536);
	assert_int_equal(read_with("SEEP_ONLY", "php*,nginx"), 0);
	assert_string_equal(settings.only, "php*,nginx");
	assert_int_equal(read_with("SEEP_FOLLOW", "no"), 0);
	assert_true(settings.no_follow);
	assert_int_equal(read_with("SEEP_DURABLE", "yes"), 0);
	assert_true(settings.durable);
}

static void bad_settings_are_named(void **state)
{
	static const char *const bad[][2] = {{"SEEP_OUTPUT", "x%q.seep"}, {"SEEP_OUTPUT", "x%"}, {"SEEP_DEPTH", "0"},
		{"SEEP_DEPTH", "1025"}, {"SEEP_DEPTH", "12x"}, {"SEEP_DEPTH", "-1"}, {"SEEP_ON_FULL", "block"},
		{"SEEP_SAMPLE", "1KB"}, {"SEEP_SAMPLE", "99999999999999999999"}, {"SEEP_SAMPLE", "half"},
		{"SEEP_SEED", "0x10"}, {"SEEP_SEED", "18446744073709551616"}, {"SEEP_EPOCH", "0"}, {"SEEP_EPOCH", " 5"},
		{"SEEP_MAX_TRACE", "65535"}, {"SEEP_MAX_TRACE", "much"}, {"SEEP_FOLLOW", "maybe"},
		{"SEEP_DURABLE", "maybe"}};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_with(bad[i][0], bad[i][1]), -1);
		assert_non_null(strstr(message, bad[i][0]));
		assert_non_null(strstr(message, bad[i][1]));
	}
	(void)read_with(NULL, NULL);
	setenv("SEEP_DURABLE", "yes", 1);
	setenv("SEEP_MAX_TRACE", "65536", 1);
	assert_int_equal(seep_settings_read(&settings, message, sizeof(message)), -1);
	assert_non_null(strstr(message, "together with SEEP_MAX_TRACE"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(patterns_are_expanded),
		TEST(a_name_in_use_gets_a_number),
		TEST(an_earlier_runs_trace_is_replaced),
		TEST(what_is_no_trace_is_left_alone),
		TEST(a_trace_that_is_being_written_is_left_alone),
		TEST(links_and_pipes_are_not_followed),
		TEST(folders_are_not_reached_by_links_of_others),
		TEST(failures_name_the_file),
		cmocka_unit_test(settings_have_defaults),
		cmocka_unit_test(settings_are_read),
		cmocka_unit_test(bad_settings_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

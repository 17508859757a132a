/* SPDX-License-Identifier: Apache-2.0
 *
 * collector/broker.c: programs that connect get sessions, clients that hang harm nobody, and the broker stays exactly as long
 * as it is needed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "broker.h"
#include "messages.h"
#include "support_producer.h"
#include "support_trace.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static char directory[64];
static char socket_name[64];
static int launcher;
static pid_t broker;

static int broker_start(void **state)
{
	struct seep_settings settings = {.depth_limit = 64, .first_epoch_ns = 1000000000};
	struct seep_session_setup setup = {.settings = &settings, .run_start_ns = 1};
	int report[2], listener;

	(void)state;
	strcpy(directory, "/tmp/seep-test-XXXXXX");
	if (!mkdtemp(directory) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) < 0)
		return -1;
	snprintf(socket_name, sizeof(socket_name), "seep-test-%d", (int)getpid());
	snprintf(settings.output, sizeof(settings.output), "%s/%%p.seep", directory);
	listener = seep_messages_listen(socket_name);
	if (listener < 0)
		return -1;
	broker = fork();
	if (broker == 0) {
		signal(SIGCHLD, SIG_IGN);
		close(report[0]);

		_exit(seep_broker_run(&setup, listener, report[1]) < 0);
	}
	close(listener);
	close(report[1]);
	launcher = report[0];
	return 0;
}

static int broker_stop(void **state)
{
	char pattern[80];
	glob_t found;

	(void)state;
	if (launcher >= 0)
		close(launcher);
	snprintf(pattern, sizeof(pattern), "%s/*", directory);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
		globfree(&found);
	}
	return rmdir(directory);
}

static void launcher_leave(void)
{
	close(launcher);
	launcher = -1;
}

static void next_line(char *verb, int *pid, char *rest)
{
	struct pollfd ready = {.fd = launcher, .events = POLLIN};
	char line[5000];
	ssize_t length;

	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	length = recv(launcher, line, sizeof(line) - 1, 0);
	assert_true(length > 0);
	line[length] = 0;
	assert_int_equal(sscanf(line, "%15s %d %4095[^\n]", verb, pid, rest), 3);
}

static void broker_reap(void)
{
	int status;

	assert_int_equal(waitpid(broker, &status, 0), broker);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Connects, records one block, and then stays until the pipe is closed. */
static pid_t program_start(const int *until)
{
	pid_t pid = fork();

	if (pid == 0) {
		int connection = producer_connect(socket_name);
		struct seep_wire_region *region;
		struct producer p;
		char byte;

		if (connection < 0 || producer_hello(connection, SEEP_HELLO_IMAGE, UINT64_MAX, &region) != 0)
			_exit(99);
		p = producer_thread(region);
		producer_alloc(&p, 0x1000, 4321, producer_node(region, 0, 0, 0x77));
		if (until) {
			close(until[1]);
			(void)!read(until[0], &byte, 1);
		}
		_exit(0);
	}
	return pid;
}

static void each_program_gets_a_trace(void **state)
{
	pid_t programs[5];
	unsigned finished = 0;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		programs[i] = program_start(NULL);
	while (finished < 5) {
		char verb[16], path[4096];
		struct trace_file *t;
		int pid;

		next_line(verb, &pid, path);
		if (strcmp(verb, "started") == 0)
			continue;
		assert_string_equal(verb, "finished");
		finished++;
		t = trace_read(path);
		assert_int_equal(t->process.pid, pid);
		assert_int_equal(t->end.unfreed_bytes, 4321);
		free(t);
	}
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(waitpid(programs[i], NULL, 0), programs[i]);
	launcher_leave();
	broker_reap();
}

static void a_silent_client_holds_up_nobody(void **state)
{
	int silent = producer_connect(socket_name);
	char verb[16], path[4096];
	pid_t program;
	int pid;

	(void)state;
	assert_true(silent >= 0);
	program = program_start(NULL);
	next_line(verb, &pid, path);
	assert_string_equal(verb, "started");
	assert_int_equal(pid, program);
	next_line(verb, &pid, path);
	assert_string_equal(verb, "finished");
	waitpid(program, NULL, 0);
	next_line(verb, &pid, path);
	assert_string_equal(verb, "failed"); /* the silent one, whose time is up */
	assert_int_equal(pid, getpid());
	close(silent);
	launcher_leave();
	broker_reap();
}

/* A daemon's recording goes on when the command is done, and what it executes later is recorded, too. */
static void the_broker_outlives_the_launcher_while_there_are_sessions(void **state)
{
	int until[2], status;
	char verb[16], path[4096], second[4200];
	pid_t program, late;
	struct trace_file *t;
	int pid;

	(void)state;
	assert_int_equal(pipe2(until, O_CLOEXEC), 0);
	program = program_start(until);
	next_line(verb, &pid, path);
	assert_string_equal(verb, "started");
	launcher_leave();
	usleep(100000);
	assert_int_equal(waitpid(broker, &status, WNOHANG), 0);
	late = program_start(NULL);
	assert_int_equal(waitpid(late, &status, 0), late);
	assert_int_equal(WEXITSTATUS(status), 0);
	close(until[0]);
	close(until[1]);
	waitpid(program, NULL, 0);
	broker_reap();
	/* The sessions close their traces before the broker sees them end. */
	t = trace_read(path);
	assert_true(t->complete);
	free(t);
	snprintf(second, sizeof(second), "%s/%d.seep", directory, (int)late);
	t = trace_read(second);
	assert_true(t->complete);
	free(t);
}

static pid_t only_child_of(pid_t parent)
{
	char path[64], children[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	fd = open(path, O_RDONLY);
	assert_true(read(fd, children, sizeof(children) - 1) > 0);
	close(fd);
	return (pid_t)strtol(children, NULL, 10);
}

static void the_broker_speaks_for_a_killed_session(void **state)
{
	char verb[16], path[4096], rest[4096];
	int until[2], pid;
	pid_t program;

	(void)state;
	assert_int_equal(pipe2(until, O_CLOEXEC), 0);
	program = program_start(until);
	next_line(verb, &pid, path);
	assert_string_equal(verb, "started");
	assert_int_equal(kill(only_child_of(broker), SIGKILL), 0);
	next_line(verb, &pid, rest);
	assert_string_equal(verb, "failed");
	assert_int_equal(pid, program);
	assert_non_null(strstr(rest, "killed"));
	next_line(verb, &pid, rest);
	assert_string_equal(verb, "finished");
	assert_int_equal(pid, program);
	assert_string_equal(rest, path);
	close(until[0]);
	close(until[1]);
	waitpid(program, NULL, 0);
	launcher_leave();
	broker_reap();
}

/* An exec that nobody could notice in time: the process that says hello again tells it. */
static void a_second_hello_ends_the_first_recording(void **state)
{
	char verb[16], path[4096], paths[2][4096];
	unsigned started = 0, finished = 0;
	pid_t program = fork();
	int pid;

	(void)state;
	if (program == 0) {
		struct seep_wire_region *regions[2];

		for (unsigned i = 0; i < 2; i++)
			if (producer_hello(producer_connect(socket_name), SEEP_HELLO_IMAGE, UINT64_MAX, &regions[i]))
				_exit(99);
		usleep(20000);
		_exit(0);
	}
	while (finished < 2) {
		next_line(verb, &pid, path);
		assert_int_equal(pid, program);
		if (strcmp(verb, "started") == 0) {
			strcpy(paths[started++], path);
		} else {
			assert_string_equal(verb, "finished");
			finished++;
		}
	}
	waitpid(program, NULL, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct trace_file *t = trace_read(paths[i]);

		assert_int_equal(t->end.how, i == 0 ? SEEP_END_EXEC : SEEP_END_EXITED);
		free(t);
	}
	launcher_leave();
	broker_reap();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, broker_start, broker_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_program_gets_a_trace),
		TEST(a_silent_client_holds_up_nobody),
		TEST(the_broker_outlives_the_launcher_while_there_are_sessions),
		TEST(the_broker_speaks_for_a_killed_session),
		TEST(a_second_hello_ends_the_first_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

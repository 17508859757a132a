/* SPDX-License-Identifier: Apache-2.0
 *
 * support_session.c: see support_session.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_producer.h"
#include "support_session.h"

#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct recording recording;

int recording_directory_make(void **state)
{
	(void)state;
	memset(&recording, 0, sizeof(recording));
	strcpy(recording.directory, "/tmp/seep-test-XXXXXX");
	return mkdtemp(recording.directory) ? 0 : -1;
}

int recording_directory_remove(void **state)
{
	char pattern[80];
	glob_t found;

	(void)state;
	if (recording.launcher > 0)
		close(recording.launcher);
	snprintf(pattern, sizeof(pattern), "%s/*", recording.directory);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
		globfree(&found);
	}
	return rmdir(recording.directory);
}

struct seep_settings recording_settings(void)
{
	struct seep_settings settings = {.depth_limit = 64, .first_epoch_ns = 1000000000};

	snprintf(settings.output, sizeof(settings.output), "%s/%%p.seep", recording.directory);
	return settings;
}

void recording_start(recording_program *run, const struct seep_settings *settings, const char *settings_fault)
{
	struct seep_session_setup setup = {.settings = settings, .settings_fault = settings_fault};
	int connection[2], report[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, connection), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report), 0);
	recording.traced = fork();
	if (recording.traced == 0) {
		close(connection[1]);
		_exit(run(connection[0]));
	}
	close(connection[0]);
	recording.collector = fork();
	if (recording.collector == 0) {
		signal(SIGCHLD, SIG_IGN);
		setup.report_fds[0] = report[1];
		setup.report_fds[1] = -1;
		close(report[0]);
		_exit(seep_session_run(&setup, connection[1], recording.traced) < 0);
	}
	close(connection[1]);
	close(report[1]);
	recording.launcher = report[0];
}

const char *recording_line(void)
{
	static char line[5000];
	struct pollfd ready = {.fd = recording.launcher, .events = POLLIN};
	ssize_t length;

	assert_int_equal(poll(&ready, 1, RECORDING_PATIENCE_MS), 1);
	length = recv(recording.launcher, line, sizeof(line) - 1, 0);
	line[length > 0 ? length : 0] = 0;
	return line;
}

void recording_expect(const char *verb, pid_t pid)
{
	char start_of_line[64];
	const char *line = recording_line();

	snprintf(start_of_line, sizeof(start_of_line), "%s %d ", verb, (int)pid);
	if (strncmp(line, start_of_line, strlen(start_of_line)) != 0)
		fail_msg("\"%s\" where \"%s\" was expected", line, start_of_line);
	snprintf(recording.path, sizeof(recording.path), "%s", line + strlen(start_of_line));
}

int recording_reap(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

struct trace_file *recording_finish(void)
{
	recording_expect("started", recording.traced);
	recording_expect("finished", recording.traced);
	recording_reap(recording.traced);
	assert_int_equal(recording_reap(recording.collector), 0);
	return trace_read(recording.path);
}

struct seep_wire_region *recording_hello(int connection)
{
	struct seep_wire_region *region;

	if (producer_hello(connection, SEEP_HELLO_IMAGE, UINT64_MAX, &region) != 0 || !region)
		_exit(99);
	close(connection);
	return region;
}

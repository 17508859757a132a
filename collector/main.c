/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c: the collector's three ways to start. People do not call it; `seep` and libseep.so do.
 *
 *   seep-collector broker FD         listens for all programs of one run on the socket that SEEP_SOCKET names; FD leads to the launcher
 *   seep-collector session FD        serves the one program at the other end of FD
 *   seep-collector recover TRACE FD  puts what a killed collector left beside TRACE (--durable) into FD, an empty file, as a whole trace
 */
#include "broker.h"
#include "messages.h"
#include "recover.h"
#include "session.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int usage(void)
{
	fprintf(stderr, "seep-collector is started by seep run and by libseep.so; see seep(1)\n");
	return 2;
}

/* Whatever ends the program, or the terminal, must not end its trace. */
static void signals_ignore(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGXFSZ, SIGXCPU, SIGTTOU, SIGTTIN,
		SIGTSTP, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF};
	sigset_t none;

	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Limits meant for the program do not fit the collector: as far as it may, it lifts them. */
static void limits_lift(void)
{
	static const int lifted[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_CPU, RLIMIT_STACK};

	for (unsigned i = 0; i < sizeof(lifted) / sizeof(lifted[0]); i++) {
		struct rlimit limit;

		if (getrlimit(lifted[i], &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
			limit.rlim_cur = limit.rlim_max;
			(void)setrlimit(lifted[i], &limit);
		}
	}
}

/* Descriptors of the program that happened to be open must not live longer because of us. */
static void descriptors_close(int keep)
{
	if (keep > 3)
		close_range(3, (unsigned)keep - 1, 0);
	close_range((unsigned)keep + 1, ~0u, 0);
}

static void standard_streams_detach(int last)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; null >= 0 && fd <= last; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

static int descriptor_parse(const char *text)
{
	char *end;
	long fd = strtol(text, &end, 10);

	return *text && !*end && fd > 2 && fd < 1 << 30 && fcntl((int)fd, F_GETFD) >= 0 ? (int)fd : -1;
}

/* By the clock of file times, which is some milliseconds late: a trace that was finished right after this may not look older. */
static uint64_t realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int broker_start(struct seep_session_setup *setup, const char *name, int fd)
{
	int listener = seep_messages_listen(name);

	if (listener < 0) {
		fprintf(stderr, "seep-collector: cannot listen on the abstract socket %s: %s\n", name, strerror(errno));
		return 1;
	}
	setup->secret = strchr(name, '/');
	if (setup->secret)
		setup->secret++;
	setup->run_start_ns = realtime_ns();
	standard_streams_detach(2);
	seep_messages_report(fd, "listening");
	return seep_broker_run(setup, listener, fd) < 0;
}

static int session_start(struct seep_session_setup *setup, int fd)
{
	struct ucred peer;

	setup->report_fds[0] = setup->report_fds[1] = -1;
	return seep_messages_peer(fd, &peer) < 0 || seep_session_run(setup, fd, peer.pid) < 0;
}

/* What went wrong is said on stdout, for the command that started it. A frame of its own: a recording shall not carry this one. */
__attribute__((noinline)) static int recover_start(const char *trace, int fd)
{
	char message[PATH_MAX + 300];

	if (seep_recover_trace(trace, fd, message, sizeof(message)) == 0)
		return 0;
	puts(message);
	return 1;
}

int main(int argc, char **argv)
{
	struct seep_settings settings;
	struct seep_session_setup setup = {.settings = &settings};
	char fault[PATH_MAX + 200];
	const char *name = getenv("SEEP_SOCKET"); /* not an argument: anybody can read those */
	bool broker = argc == 3 && name && strcmp(argv[1], "broker") == 0;
	int fd;

	if (argc == 4 && strcmp(argv[1], "recover") == 0 && descriptor_parse(argv[3]) >= 0)
		return recover_start(argv[2], descriptor_parse(argv[3]));
	if (!broker && !(argc == 3 && strcmp(argv[1], "session") == 0))
		return usage();
	fd = descriptor_parse(argv[argc - 1]);
	if (fd < 0)
		return usage();
	prctl(PR_SET_NAME, "seep-collector");
	signals_ignore();
	limits_lift();
	descriptors_close(fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	standard_streams_detach(broker ? 1 : 2);
	/* Large arrays come and go with the number of blocks; this way their memory goes back to the system. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	if (seep_settings_read(&settings, fault, sizeof(fault)) < 0)
		setup.settings_fault = fault;
	if (chdir("/") < 0)
		return 1;
	return broker ? broker_start(&setup, name, fd) : session_start(&setup, fd);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c: a web service with sessions: log in, see a dashboard, keep a shopping cart, log out. Starts everything, waits for
 * SIGTERM or SIGINT, and takes everything down again.
 */
#include "http.h"
#include "log.h"
#include "options.h"
#include "session_sweeper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written beside its place and moved there, so that whoever waits for the file never reads half of it. */
static bool write_number_file(const char *path, unsigned long number)
{
	char part[4096];

	if (!path)
		return true;
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part)) {
		errno = ENAMETOOLONG;
	} else {
		FILE *file = fopen(part, "we");
		bool written = file && fprintf(file, "%lu\n", number) > 0;
		if (file && fclose(file) == 0 && written && rename(part, path) == 0)
			return true;
	}
	log_error("cannot write %s: %s", path, strerror(errno));
	return false;
}

/* Serves until a signal of the set arrives. */
static bool serve(struct server *server, const struct options *options, const sigset_t *signals)
{
	struct MHD_Daemon *daemon = http_start(server, options->port, options->threads);
	if (!daemon)
		return false;

	bool ready = write_number_file(options->pid_file, (unsigned long)getpid()) &&
		     write_number_file(options->port_file, http_port(daemon));
	if (ready) {
		int signal_number = 0;

		log_info("listening on http://127.0.0.1:%u with %u threads, sessions last %u s", http_port(daemon),
			options->threads, options->session_seconds);
		sigwait(signals, &signal_number);
		log_info("%s: stopping, %zu sessions are open", strsignal(signal_number),
			session_table_count(server->sessions));
	}
	http_stop(daemon);
	return ready;
}

static bool run(const struct options *options, const sigset_t *signals)
{
	struct server server = {
		.sessions = session_table_create(options->session_seconds),
		.password = options->password,
		.session_seconds = options->session_seconds,
	};
	if (!server.sessions) {
		log_error("out of memory");
		return false;
	}
	clock_gettime(CLOCK_MONOTONIC, &server.started);

	bool served = false;
	struct session_sweeper *sweeper = session_sweeper_start(&server);
	if (sweeper) {
		served = serve(&server, options, signals);
		session_sweeper_stop(sweeper);
	}
	session_table_destroy(server.sessions);
	return served;
}

int main(int argc, char **argv)
{
	struct options options;
	sigset_t signals;
	int exit_status;

	if (!options_parse(&options, argc, argv, &exit_status))
		return exit_status;
	log_requests = options.log_requests;

	/* Blocked before there are threads: only sigwait() above takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);

	return run(&options, &signals) ? EXIT_SUCCESS : EXIT_FAILURE;
}

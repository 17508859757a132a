/* SPDX-License-Identifier: Apache-2.0
 *
 * session.h: the recording of one traced process, from its hello to the last frame of its trace.
 */
#ifndef SEEP_COLLECTOR_SESSION_H
#define SEEP_COLLECTOR_SESSION_H

#include "settings.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#define SEEP_SESSION_EXEC_SIGNAL SIGUSR1 /* tells a session that its process has executed another program */

/* What all sessions of a collector have in common. */
struct seep_session_setup {
	const struct seep_settings *settings;
	const char *settings_fault; /* NULL: none; else no session starts, and this says why */
	const char *secret; /* that programs have to know which the broker hands over; NULL: none */
	int report_fds[2]; /* who is told what happens: the broker, then the launcher; -1: there is none */
	uint64_t run_start_ns; /* since 1970; 0: the start of the traced process */
};

/* Serves the process at the other end of the connection, whose pid is given, until it ends; in processes that it
 * forks, the children of the traced process, and so on. Closes the connection. Returns in each of these processes, which
 * then should end: 0, or -1 if there is no whole trace (the launcher has been told). */
int seep_session_run(const struct seep_session_setup *setup, int connection, pid_t pid);

/* Makes ready for a session, and runs it when a connection is handed over (messages.h); the same if `orders` is closed instead, only
 * without one. Closes orders. */
int seep_session_stand_by(const struct seep_session_setup *setup, int orders);

#endif

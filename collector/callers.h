/* SPDX-License-Identifier: Apache-2.0
 *
 * callers.h: who connects to a session's socket. Its name is public, so anybody may, as often as he likes: a caller is served, noted and
 * forked for only once his hello is there, and has the secret.
 */
#ifndef SEEP_COLLECTOR_CALLERS_H
#define SEEP_COLLECTOR_CALLERS_H

#include "watcher.h"

#include <stdbool.h>
#include <sys/types.h>

#define SEEP_CALLERS_MAX 256u /* who have said nothing yet; one more sends the first of them away */
#define SEEP_CALLERS_TURN 64u /* are accepted at a time */

struct seep_callers {
	int fds[SEEP_CALLERS_MAX]; /* in the order in which they came */
	pid_t pids[SEEP_CALLERS_MAX];
	unsigned used;
	unsigned silent; /* the first so many had said nothing when they were looked at in this turn */
	unsigned accepted; /* in this turn */
};

/* A connection with a right hello, which is still to be received from it, and the pid of who made it. Returns -1 when there is none in this
 * turn: the watcher (NULL: nobody) tells of those who have not spoken yet as it tells of the listener. */
int seep_callers_next(
	struct seep_callers *c, int listener, const char *secret, struct seep_watcher *watcher, pid_t *pid);

/* Begins the next turn. Returns whether the last one came to its end before all were accepted. */
bool seep_callers_turn(struct seep_callers *c);

/* Waits until somebody calls or speaks. Returns whether somebody does. */
bool seep_callers_wait(const struct seep_callers *c, int listener, int timeout_ms);

/* Hangs up on all who wait. */
void seep_callers_close(struct seep_callers *c);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * session_sweeper.h: a thread that ends the sessions that nobody uses any more.
 */
#ifndef SESSION_SWEEPER_H
#define SESSION_SWEEPER_H

#include "server.h"

struct session_sweeper;

/* Returns NULL, with the reason in the log, when there is no memory or no thread to be had. */
struct session_sweeper *session_sweeper_start(struct server *server);

/* Waits for the thread and frees the sweeper. */
void session_sweeper_stop(struct session_sweeper *sweeper);

#endif

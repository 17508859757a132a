/* SPDX-License-Identifier: Apache-2.0
 *
 * broker.h: where the programs of one `seep run` say hello.
 */
#ifndef SEEP_COLLECTOR_BROKER_H
#define SEEP_COLLECTOR_BROKER_H

#include "session.h"

/* Serves the listening socket until the launcher at launcher_fd is gone and no session is alive any more: each hello gets a
 * process of its own. Returns in the broker and in each such process, which then should end: 0 or -1. */
int seep_broker_run(const struct seep_session_setup *setup, int listener, int launcher_fd);

#endif

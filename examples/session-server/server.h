/* SPDX-License-Identifier: Apache-2.0
 *
 * server.h: what all requests share. Made by main.c before the first thread starts, and read-only but for the counters
 * and what is behind the pointers, which look after their own locking.
 */
#ifndef SERVER_H
#define SERVER_H

#include "session_table.h"

#include <stdatomic.h>
#include <time.h>

struct counters {
	atomic_ulong requests;
	atomic_ulong logins;
	atomic_ulong logins_refused;
	atomic_ulong logouts;
	atomic_ulong sessions_expired;
};

struct server {
	struct session_table *sessions;
	const char *password; /* of every account */
	unsigned session_seconds;
	struct timespec started; /* monotonic */
	struct counters counters;
};

static inline void counter_add(atomic_ulong *counter, unsigned long more)
{
	atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static inline unsigned long counter_value(atomic_ulong *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif

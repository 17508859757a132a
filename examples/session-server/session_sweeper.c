/* SPDX-License-Identifier: Apache-2.0
 *
 * session_sweeper.c: looks for expired sessions a few times within a session's lifetime.
 */
#include "session_sweeper.h"

#include "log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SWEEPS_A_LIFETIME 10
#define PAUSE_MAX_MS 10000

struct session_sweeper {
	struct server *server;
	pthread_t thread;
	pthread_mutex_t lock; /* guards stopping */
	pthread_cond_t wake; /* on the monotonic clock */
	bool stopping;
};

static void add_ms(struct timespec *time, unsigned ms)
{
	time->tv_nsec += (long)(ms % 1000) * 1000000;
	time->tv_sec += ms / 1000 + time->tv_nsec / 1000000000;
	time->tv_nsec %= 1000000000;
}

static unsigned pause_ms(const struct server *server)
{
	unsigned long ms = server->session_seconds * 1000ul / SWEEPS_A_LIFETIME;

	return ms < PAUSE_MAX_MS ? (unsigned)ms : PAUSE_MAX_MS;
}

/* Returns false when the sweeper is to end. */
static bool pause_between_sweeps(struct session_sweeper *sweeper)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	add_ms(&until, pause_ms(sweeper->server));

	pthread_mutex_lock(&sweeper->lock);
	while (!sweeper->stopping && !pthread_cond_timedwait(&sweeper->wake, &sweeper->lock, &until))
		continue;
	bool go_on = !sweeper->stopping;
	pthread_mutex_unlock(&sweeper->lock);
	return go_on;
}

static void *sweep(void *argument)
{
	struct session_sweeper *sweeper = argument;
	struct server *server = sweeper->server;

	while (pause_between_sweeps(sweeper)) {
		size_t expired = session_table_expire(server->sessions);
		if (expired) {
			counter_add(&server->counters.sessions_expired, expired);
			log_info("%zu sessions expired, %zu open", expired, session_table_count(server->sessions));
		}
	}
	return NULL;
}

static void sweeper_free(struct session_sweeper *sweeper)
{
	pthread_cond_destroy(&sweeper->wake);
	pthread_mutex_destroy(&sweeper->lock);
	free(sweeper);
}

struct session_sweeper *session_sweeper_start(struct server *server)
{
	struct session_sweeper *sweeper = calloc(1, sizeof(*sweeper));
	if (!sweeper) {
		log_error("out of memory");
		return NULL;
	}

	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sweeper->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&sweeper->lock, NULL);
	sweeper->server = server;

	int error = pthread_create(&sweeper->thread, NULL, sweep, sweeper);
	if (error) {
		log_error("cannot start a thread: %s", strerror(error));
		sweeper_free(sweeper);
		return NULL;
	}
	return sweeper;
}

void session_sweeper_stop(struct session_sweeper *sweeper)
{
	pthread_mutex_lock(&sweeper->lock);
	sweeper->stopping = true;
	pthread_cond_signal(&sweeper->wake);
	pthread_mutex_unlock(&sweeper->lock);

	pthread_join(sweeper->thread, NULL);
	sweeper_free(sweeper);
}

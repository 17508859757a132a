/* SPDX-License-Identifier: Apache-2.0
 *
 * session.c: records one traced process. Called by broker.c (in a process forked for it) and main.c. One thread, besides the
 * watcher that wakes it.
 *
 *   hello -> start -> drain ... drain -> finish
 *                       |                  |
 *                       | a forked child   | children that have not asked yet
 *                       v asks             v
 *                     fork: its session    fork: linger, until they have asked or are gone
 *
 * A forked child's books begin as its parent's, and fork() is how they get there.
 */
#include "session.h"

#include "messages.h"
#include "nurseries.h"
#include "recording.h"
#include "rings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHECK_EVERY_NS UINT64_C(5000000)
/* For a number that does not come; longer than a thread waits for its turn on a loaded machine. */
#define PATIENCE_MS 10000u
#define PATIENCE_AFTER_DROPS_MS 200u
#define LINGER_MAX_MS 10000

/* ---- Recording ---- */

/* When it looks again by itself. */
static const struct pace {
	uint64_t busy_units; /* after a round with as many the next one follows at once */
	unsigned sleep_min_ms; /* after others, first */
	unsigned sleep_max_ms; /* in the end; region.tick is promised to be no older than a tenth of a second */
} rung_for = {1024, 5, 100}, looking = {32, 1, 10};

static bool nothing_urgent(void *context)
{
	struct seep_recording *r = context;

	return !atomic_load(&r->watcher.seen) && seep_rings_have_time(r->drain);
}

/* What is to be done every now and then. Returns 0 or -1 as seep_recording_epoch does; *how is set if the recording is over. */
static int housekeep(struct seep_recording *r, uint32_t *how)
{
	if (r->books->now_ns - r->checked_ns >= CHECK_EVERY_NS) {
		uint64_t young = UINT64_C(2) * SEEP_WIRE_NURSERY * r->drain->segments_known;

		r->checked_ns = r->books->now_ns;
		if (young > r->books->waiting_max)
			r->books->waiting_max = young;
		seep_recording_tend(r, r->drain->drops_seen ? PATIENCE_AFTER_DROPS_MS : PATIENCE_MS);
		if (seep_process_executed(&r->process))
			*how = SEEP_END_EXEC;
	}
	if (r->books->now_ns >= seep_epoch_end_ns(&r->epoch))
		return seep_recording_epoch(r, seep_process_rss(&r->process)) < 0
			       ? -1
			       : seep_trim_keep(&r->trim, &r->writer, r->path);
	return seep_recording_preview(r);
}

static void refuse(struct seep_recording *r, int connection, pid_t pid)
{
	seep_recording_report(r->setup, "failed", pid, "no process or memory for its collector");
	(void)seep_messages_welcome(connection, EAGAIN, 0, -1);
}

static int child_next(struct seep_recording *r, struct seep_watcher *watcher, pid_t *child)
{
	return seep_callers_next(&r->callers, r->listener, strchr(r->socket_name, '/') + 1, watcher, child);
}

/* Forks a session for each child that asks. Returns the connection in such a session, or -1 in this one. */
static int children_serve(struct seep_recording *r, pid_t *child)
{
	int connection;

	while ((connection = child_next(r, &r->watcher, child)) >= 0) {
		struct seep_nurseries young;
		pid_t session = -1;

		seep_recording_forked(r, *child);
		if (r->setup->settings->no_follow) {
			(void)seep_messages_welcome(connection, ECANCELED, 0, -1);
			close(connection);
			continue;
		}
		/* In this order: a block that leaves its nursery in between is found in a ring. */
		if (seep_nurseries_copy(&young, r->drain) == 0) {
			seep_recording_round(r);
			session = fork();
			if (session == 0)
				seep_nurseries_apply(&young, r->drain);
			seep_nurseries_close(&young);
		}
		if (session == 0)
			return connection;
		if (session < 0)
			refuse(r, connection, *child);
		close(connection);
	}
	if (seep_callers_turn(&r->callers))
		seep_watcher_again(&r->watcher, SEEP_WATCHER_ASKED);
	return -1;
}

enum outcome {
	OUTCOME_ENDED, /* the process did; *how tells more */
	OUTCOME_FAILED, /* r->message tells why */
	OUTCOME_CHILD, /* this is now a forked child's collector */
};

static enum outcome session_record(struct seep_recording *r, uint32_t *how, int *connection, pid_t *child)
{
	unsigned sleep_ms = rung_for.sleep_min_ms;

	*how = 0;
	for (;;) {
		const struct pace *pace =
			atomic_load_explicit(&r->region.map->silent, memory_order_relaxed) ? &looking : &rung_for;
		uint64_t units = seep_recording_round(r);
		uint32_t seen = seep_watcher_take(&r->watcher);
		int status = housekeep(r, how);

		if (!seep_recording_is_well(r, status))
			return OUTCOME_FAILED;
		seep_durable_keep(r);
		if (seen & SEEP_WATCHER_ASKED) {
			*connection = children_serve(r, child);
			if (*connection >= 0)
				return OUTCOME_CHILD;
		}
		if (seen & SEEP_WATCHER_EXECUTED)
			*how = SEEP_END_EXEC;
		if (seen & SEEP_WATCHER_ENDED || *how)
			return OUTCOME_ENDED;
		if (units >= pace->busy_units)
			continue;
		sleep_ms = units ? pace->sleep_min_ms : 2 * sleep_ms;
		if (sleep_ms > pace->sleep_max_ms)
			sleep_ms = pace->sleep_max_ms;
		seep_region_sleep(&r->region, nothing_urgent, r, sleep_ms);
	}
}

/* ---- Finish ---- */

/* Waits for children of a process that has ended already: as long as one that has not asked yet is alive, it maps the
 * region. Returns as children_serve. */
static int linger(struct seep_recording *r, pid_t *child)
{
	int wait_ms = 10;

	while (seep_region_mapped_elsewhere(&r->region)) {
		pid_t session;
		int connection;

		wait_ms = wait_ms < LINGER_MAX_MS / 2 ? 2 * wait_ms : LINGER_MAX_MS;
		(void)seep_callers_turn(&r->callers);
		if (!seep_callers_wait(&r->callers, r->listener, wait_ms))
			continue;
		connection = child_next(r, NULL, child);
		if (connection < 0)
			continue;
		wait_ms = 10;
		session = fork();
		if (session == 0)
			return connection;
		if (session < 0)
			refuse(r, connection, *child);
		close(connection);
	}
	return -1;
}

/* Returns a connection if this is now a forked child's collector; otherwise -1 with *status set as seep_session_run returns it. */
static int session_finish(struct seep_recording *r, uint32_t how, int *status, pid_t *child)
{
	struct seep_trace_end end = {.how = how};
	int written;

	/* First, while the process can still be asked: its parent may be reaping it at this moment. */
	if (!how)
		seep_process_outcome(&r->process, atomic_load(&r->region.map->exit_called),
			atomic_load(&r->region.map->exit_status), &end);
	else
		end.exit_status = -1;
	written = seep_recording_collect(r, &end);
	seep_watcher_stop(&r->watcher);
	seep_region_unmap(&r->region);
	if (!r->setup->settings->no_follow && seep_region_mapped_elsewhere(&r->region) && fork() == 0) {
		int connection;

		seep_writer_close(r->writer);
		r->writer = NULL;
		seep_durable_close(&r->durable);
		connection = linger(r, child);
		if (connection < 0)
			_exit(0);
		return connection;
	}
	if (written == 0)
		written = seep_recording_complete(r, &end);
	*status = seep_recording_is_well(r, written) ? 0 : -1;
	if (*status < 0)
		seep_recording_report(r->setup, "failed", r->process.pid, r->message);
	/* Before anybody is told that it is finished. Of a trace that is not whole, the rest may still be found out. In this order: as long as
	 * the trace is locked, the names are ours. */
	if (*status == 0)
		seep_durable_end(r);
	seep_writer_close(r->writer);
	r->writer = NULL;
	seep_recording_report(r->setup, "finished", r->process.pid, r->path);
	return -1;
}

/* The recording stops though the program goes on. What is known is written if that is still possible. The futex must not be
 * let go: the program learns from the kernel, when this process ends, that nobody reads any more. */
static void session_give_up(struct seep_recording *r)
{
	struct seep_trace_end end = {.how = SEEP_END_STOPPED, .exit_status = -1};

	seep_recording_report(r->setup, "failed", r->process.pid, r->message);
	seep_notes_fault(&r->notes, r->books->now_ns, "the recording stopped: %s", r->message);
	if (seep_recording_collect(r, &end) == 0 && seep_recording_complete(r, &end) == 0)
		seep_durable_end(r);
	seep_recording_report(r->setup, "finished", r->process.pid, r->path);
}

/* Turns the copy of a session that fork() made into the beginning of one for the child. NULL: out of memory. */
static struct seep_recording *session_inherit(struct seep_recording *parent)
{
	struct seep_recording *r = seep_recording_new(parent->setup);

	if (r && seep_books_inherit(parent->books) == 0) {
		r->books = parent->books;
		parent->books = NULL;
	}
	if (r)
		memcpy(r->secret, strchr(parent->socket_name, '/') + 1, sizeof(r->secret));
	seep_recording_free(parent, false);
	if (r && !r->books) {
		seep_recording_free(r, true);
		return NULL;
	}
	return r;
}

static int run(struct seep_recording *r, int connection, pid_t pid)
{
	int status = -1;

	while (r) {
		enum outcome outcome;
		int next = -1;
		uint32_t how;

		if (seep_recording_start(r, connection, pid) < 0)
			break;
		close(connection);
		connection = -1;
		outcome = session_record(r, &how, &next, &pid);
		if (outcome == OUTCOME_FAILED) {
			session_give_up(r);
			return -1; /* as it is: see there */
		}
		if (outcome == OUTCOME_ENDED)
			next = session_finish(r, how, &status, &pid);
		if (next < 0)
			break;
		connection = next;
		r = session_inherit(r);
	}
	if (connection >= 0)
		close(connection);
	if (r)
		seep_recording_free(r, true);
	return status;
}

int seep_session_run(const struct seep_session_setup *setup, int connection, pid_t pid)
{
	return run(seep_recording_new(setup), connection, pid);
}

int seep_session_stand_by(const struct seep_session_setup *setup, int orders)
{
	struct seep_recording *r = seep_recording_new(setup);
	pid_t pid;
	int connection;

	if (r && !seep_recording_prepare(r)) {
		seep_recording_free(r, true);
		r = seep_recording_new(setup);
	}
	connection = seep_messages_handed(orders, &pid);
	close(orders);
	if (connection >= 0)
		return run(r, connection, pid);
	if (r)
		seep_recording_free(r, true);
	return 0;
}

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

#include "books.h"
#include "clock.h"
#include "drain.h"
#include "epoch.h"
#include "folds.h"
#include "live.h"
#include "messages.h"
#include "notes.h"
#include "nurseries.h"
#include "output.h"
#include "process.h"
#include "region.h"
#include "rings.h"
#include "tree.h"
#include "watcher.h"
#include "writer.h"

#include "seep/trace.h"
#include "seep/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define HELLO_LIMIT_MS 2000
#define BUSY_UNITS 1024u /* after a round with more the next one follows at once */
#define SLEEP_MIN_MS 5u
#define SLEEP_MAX_MS 100u /* region.tick is promised to be no older */
#define CHECK_EVERY_NS UINT64_C(5000000)
#define PATIENCE_STEP_NS UINT64_C(100000000)
#define PATIENCE_MS \
	10000u /* for a number that does not come; longer than a thread waits for its turn on a loaded machine */
#define PATIENCE_AFTER_DROPS_MS 200u
#define LINGER_MAX_MS 10000

struct session {
	const struct seep_session_setup *setup;
	struct seep_process process;
	struct seep_region region;
	struct seep_watcher watcher;
	struct seep_books *books;
	struct seep_drain *drain;
	struct seep_notes notes;
	struct seep_tree tree;
	struct seep_epoch epoch;
	struct seep_writer *writer;
	int listener; /* where forked children ask; -1: none */
	bool forked;
	uint64_t start_ns;
	uint64_t patience_ns;
	uint64_t checked_ns;
	char path[PATH_MAX]; /* of the trace; empty: none */
	char message[PATH_MAX + 300];
};

/* Tells the launcher, and the broker, a line: a verb, the process, and the rest. */
static void report(const struct seep_session_setup *setup, const char *verb, pid_t pid, const char *rest)
{
	for (unsigned i = 0; i < sizeof(setup->report_fds) / sizeof(setup->report_fds[0]); i++)
		seep_messages_report(setup->report_fds[i], "%s %d %s", verb, (int)pid, rest);
}

/* ---- Start ---- */

static struct session *session_new(const struct seep_session_setup *setup)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->setup = setup;
	s->listener = -1;
	s->region.memfd = -1;
	s->watcher.epoll = s->watcher.stop = s->watcher.told = -1;
	s->process.pidfd = s->process.stat_fd = s->process.memory_fd = -1;
	s->drain = calloc(1, sizeof(*s->drain));
	if (!s->drain) {
		free(s);
		return NULL;
	}
	return s;
}

/* In a process forked off a session the region belongs to the other one, and there is no watcher's thread. */
static void session_free(struct session *s, bool owner)
{
	if (owner)
		seep_watcher_stop(&s->watcher);
	else
		seep_watcher_forget(&s->watcher);
	seep_drain_close(s->drain);
	free(s->drain);
	seep_region_close(&s->region, owner);
	seep_process_close(&s->process);
	seep_notes_close(&s->notes);
	seep_tree_close(&s->tree);
	seep_writer_close(s->writer);
	if (s->listener >= 0)
		close(s->listener);
	if (s->books) {
		seep_books_close(s->books);
		free(s->books);
	}
	free(s);
}

static uint64_t realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int process_frame_write(struct session *s)
{
	const struct seep_settings *settings = s->setup->settings;
	struct seep_trace_process head = {.pid = (uint32_t)s->process.pid,
		.ppid = (uint32_t)s->process.ppid,
		.start_realtime_ns = realtime_ns() - (seep_clock_ns() - s->start_ns),
		.sample_bytes = settings->sample_bytes,
		.depth_limit = settings->depth_limit,
		.argc = s->process.argc,
		.forked = s->forked,
		.on_full = settings->on_full,
		.tick_ns = SEEP_WIRE_TICK_NS};
	size_t executable = strlen(s->process.executable) + 1, directory = strlen(s->process.directory) + 1;
	size_t bytes = sizeof(head) + executable + directory + s->process.arguments_bytes;
	char *raw = malloc(bytes);
	int status;

	if (!raw) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(raw, &head, sizeof(head));
	memcpy(raw + sizeof(head), s->process.executable, executable);
	memcpy(raw + sizeof(head) + executable, s->process.directory, directory);
	memcpy(raw + sizeof(head) + executable + directory, s->process.arguments, s->process.arguments_bytes);
	status = seep_writer_frame(s->writer, SEEP_FRAME_PROCESS, 1, raw, bytes);
	free(raw);
	return status;
}

/* Returns 0, or an errno with a message. */
static int trace_start(struct session *s)
{
	uint64_t run_start = s->setup->run_start_ns ? s->setup->run_start_ns : s->process.start_realtime_ns;
	int fd =
		seep_output_create(s->setup->settings, &s->process, run_start, s->path, s->message, sizeof(s->message));
	char reason[200];

	if (fd < 0) {
		int error = errno;

		s->path[0] = 0;
		return error;
	}
	if (seep_writer_open(&s->writer, fd, reason, sizeof(reason)) < 0) {
		snprintf(s->message, sizeof(s->message), "%s: %s", s->path, reason);
		return EIO;
	}
	if (process_frame_write(s) < 0) {
		int error = errno;

		snprintf(s->message, sizeof(s->message), "%s: %s", s->path, strerror(error));
		return error;
	}
	return 0;
}

static int listen_somewhere(char *name, size_t size)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -1;
	snprintf(name, size, "seep.%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	return seep_messages_listen(name);
}

/* Returns 0, or an errno with a message. */
static int memory_start(struct session *s, const struct seep_wire_hello *hello)
{
	char name[SEEP_WIRE_SOCKET_NAME];

	s->listener = listen_somewhere(name, sizeof(name));
	if (s->listener < 0) {
		snprintf(s->message, sizeof(s->message), "cannot listen for forked children: %s", strerror(errno));
		return errno;
	}
	if (seep_region_open(&s->region, s->setup->settings, hello->address_space_limit, name, s->message,
		    sizeof(s->message)) < 0)
		return errno;
	seep_drain_open(s->drain, &s->region, s->books, &s->notes);
	snprintf(s->message, sizeof(s->message), "cannot start the recording: out of memory");
	if (seep_tree_open(&s->tree, &s->region) < 0)
		return errno;
	if (seep_watcher_start(&s->watcher, &s->region, s->process.pidfd, s->listener, SEEP_SESSION_EXEC_SIGNAL) < 0) {
		snprintf(s->message, sizeof(s->message), "cannot start a thread: %s", strerror(errno));
		return errno;
	}
	return 0;
}

static int books_start(struct session *s)
{
	if (s->books)
		return 0; /* inherited */
	s->books = malloc(sizeof(*s->books));
	if (s->books && seep_books_open(s->books) == 0)
		return 0;
	free(s->books);
	s->books = NULL;
	snprintf(s->message, sizeof(s->message), "out of memory for the books");
	return ENOMEM;
}

static int hello_check(struct session *s, int connection, struct seep_wire_hello *hello)
{
	if (seep_messages_hello(connection, hello, HELLO_LIMIT_MS) < 0) {
		snprintf(s->message, sizeof(s->message), "no valid hello: %s", strerror(errno));
		return errno;
	}
	if (hello->kind != SEEP_HELLO_IMAGE && hello->kind != SEEP_HELLO_FORK) {
		snprintf(s->message, sizeof(s->message), "a hello of an unknown kind (%u)", hello->kind);
		return EPROTO;
	}
	s->forked = hello->kind == SEEP_HELLO_FORK;
	if (s->setup->settings_fault) {
		snprintf(s->message, sizeof(s->message), "%s", s->setup->settings_fault);
		return EINVAL;
	}
	return 0;
}

/* Answers the hello. Returns 0, or -1 after having told everybody why not. */
static int session_start(struct session *s, int connection, pid_t pid)
{
	struct seep_wire_hello hello;
	int error = hello_check(s, connection, &hello);

	if (!error && seep_process_open(&s->process, pid, s->message, sizeof(s->message)) < 0)
		error = errno;
	s->start_ns = seep_clock_ns();
	s->epoch.first_ns = s->setup->settings->first_epoch_ns;
	if (!error)
		error = books_start(s);
	if (!error)
		error = trace_start(s);
	if (!error)
		error = memory_start(s, &hello);
	if (error) {
		if (s->path[0])
			unlink(s->path);
		report(s->setup, "failed", pid, s->message);
		(void)seep_messages_welcome(connection, error, 0, -1);
		return -1;
	}
	/* In this order: once the program runs on, the launcher knows that there is something to wait for. */
	report(s->setup, "started", pid, s->path);
	(void)seep_messages_welcome(
		connection, 0, s->region.bytes, s->region.memfd); /* if it is gone, its pidfd tells */
	return 0;
}

/* ---- Recording ---- */

static void time_update(struct session *s)
{
	uint64_t now = seep_clock_ns() - s->start_ns;

	s->books->now_ns = now;
	s->books->now_tick = (uint32_t)(now / SEEP_WIRE_TICK_NS);
	atomic_store_explicit(&s->region.map->tick, s->books->now_tick, memory_order_relaxed);
}

/* Empties the rings once. Returns the number of units taken. */
static uint64_t round_run(struct session *s)
{
	uint64_t before = s->books->now_ns, passed, units;

	time_update(s);
	units = seep_rings_drain(s->drain, false);
	if (units) {
		/* Only time in which something arrives counts: nothing is late while the program, or we, are stopped. */
		passed = s->books->now_ns - before;
		s->patience_ns += passed < PATIENCE_STEP_NS ? passed : PATIENCE_STEP_NS;
		s->books->patience_now = (uint32_t)(s->patience_ns / 1000000);
	}
	return units;
}

static bool nothing_urgent(void *context)
{
	struct session *s = context;

	return !atomic_load(&s->watcher.seen) && seep_rings_have_time(s->drain);
}

static int epoch_finish(struct session *s, uint64_t rss_bytes)
{
	seep_folds_harvest(s->drain);
	seep_drain_count_dropped(s->drain);
	if (seep_tree_write(&s->tree, &s->region, s->process.executable, &s->notes, s->books->now_ns, s->writer) < 0 ||
		seep_epoch_write(&s->epoch, s->books, s->drain->dropped, rss_bytes, s->writer) < 0)
		return -1;
	return seep_notes_write(&s->notes, s->writer);
}

/* False: the recording can't go on, and s->message says why. */
static bool all_is_well(struct session *s, int status)
{
	if (status < 0)
		snprintf(s->message, sizeof(s->message), "cannot write %s: %s", s->path, strerror(errno));
	else if (s->books->failed || s->drain->failed)
		snprintf(s->message, sizeof(s->message), "out of memory for the books");
	else
		return true;
	return false;
}

/* What is to be done every now and then. Returns 0 or -1 as epoch_finish does; *how is set if the recording is over. */
static int housekeep(struct session *s, uint32_t *how)
{
	if (s->books->now_ns - s->checked_ns >= CHECK_EVERY_NS) {
		uint64_t young = UINT64_C(2) * SEEP_WIRE_NURSERY * s->drain->segments_known;

		s->checked_ns = s->books->now_ns;
		if (young > s->books->waiting_max)
			s->books->waiting_max = young;
		seep_books_tend(s->books, s->drain->drops_seen ? PATIENCE_AFTER_DROPS_MS : PATIENCE_MS);
		if (seep_process_executed(&s->process))
			*how = SEEP_END_EXEC;
	}
	if (s->books->now_ns >= seep_epoch_end_ns(&s->epoch))
		return epoch_finish(s, seep_process_rss(&s->process));
	return 0;
}

/* Forks a session for each child that asks. Returns the connection in such a session, or -1 in this one. */
static int children_serve(struct session *s, pid_t *child)
{
	for (;;) {
		struct seep_nurseries young;
		struct ucred peer;
		int connection = seep_messages_accept(s->listener, &peer);

		if (connection < 0 && (errno == EPERM || errno == ECONNABORTED || errno == EINTR))
			continue;
		if (connection < 0)
			return -1;
		/* In this order: a block that leaves its nursery in between is found in a ring. */
		if (seep_nurseries_copy(&young, s->drain) == 0) {
			round_run(s);
			if (fork() == 0) {
				seep_nurseries_apply(&young, s->drain);
				seep_nurseries_close(&young);
				*child = peer.pid;
				return connection;
			}
			seep_nurseries_close(&young);
			seep_notes_add(&s->notes, s->books->now_ns, SEEP_NOTE_FORK, (uint64_t)peer.pid, NULL, 0);
		}
		close(connection);
	}
}

enum outcome {
	OUTCOME_ENDED, /* the process did; *how tells more */
	OUTCOME_FAILED, /* s->message tells why */
	OUTCOME_CHILD, /* this is now a forked child's collector */
};

static enum outcome session_record(struct session *s, uint32_t *how, int *connection, pid_t *child)
{
	unsigned sleep_ms = SLEEP_MIN_MS;

	*how = 0;
	for (;;) {
		uint64_t units = round_run(s);
		uint32_t seen = seep_watcher_take(&s->watcher);
		int status = housekeep(s, how);

		if (!all_is_well(s, status))
			return OUTCOME_FAILED;
		if (seen & SEEP_WATCHER_ASKED) {
			*connection = children_serve(s, child);
			if (*connection >= 0)
				return OUTCOME_CHILD;
		}
		if (seen & SEEP_WATCHER_EXECUTED)
			*how = SEEP_END_EXEC;
		if (seen & SEEP_WATCHER_ENDED || *how)
			return OUTCOME_ENDED;
		if (units >= BUSY_UNITS)
			continue;
		sleep_ms = units ? SLEEP_MIN_MS : 2 * sleep_ms;
		if (sleep_ms > SLEEP_MAX_MS)
			sleep_ms = SLEEP_MAX_MS;
		seep_region_sleep(&s->region, nothing_urgent, s, sleep_ms);
	}
}

/* ---- Finish ---- */

static void say_what_is_missing(struct session *s)
{
	const struct seep_totals *t = &s->books->totals;
	uint64_t now = s->books->now_ns, over = atomic_load(&s->region.map->nodes_over);
	const struct {
		uint64_t count;
		const char *what;
	} losses[] = {
		{t->unhooked_frees, "blocks were given back in a way that seep does not see; they count as freed"},
		{t->expired_frees, "frees without a known allocation were given up before the end"},
		{s->books->order.holes, "frees never arrived, or too late"},
		{s->books->sites.over, "allocations found no site of their own, there were too many"},
		{over, "stacks were cut because the stack tree was full"},
		{s->notes.lost, "notes were left out, there were too many"},
	};

	for (unsigned i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if (losses[i].count)
			seep_notes_fault(&s->notes, now, "%" PRIu64 " %s", losses[i].count, losses[i].what);
}

static void end_fill(struct session *s, struct seep_trace_end *end)
{
	const struct seep_totals *t = &s->books->totals;

	end->time_ns = s->books->now_ns;
	end->allocations = t->allocated.count;
	end->allocated_bytes = t->allocated.bytes;
	end->frees = t->freed.count;
	end->freed_bytes = t->freed.bytes;
	end->unknown_frees = t->unknown_frees;
	end->unfreed_count = t->live.count;
	end->unfreed_bytes = t->live.bytes;
	end->peak_live_bytes = t->peak_bytes;
	end->peak_at_ns = t->peak_at_ns;
	end->inherited_count = t->inherited.count;
	end->inherited_bytes = t->inherited.bytes;
	end->inherited_frees = t->inherited_frees;
	end->dropped_events = s->drain->dropped;
	end->unrecorded = atomic_load(&s->region.map->unrecorded);
	seep_drain_stack_counters(s->drain, &end->truncated_stacks, &end->lost_stacks);
}

/* Takes all that the region still holds into the books and writes the last epoch. Returns 0 or -1 with errno. */
static int books_finish(struct session *s, struct seep_trace_end *end)
{
	struct seep_nurseries young;
	int status;

	time_update(s);
	while (seep_rings_drain(s->drain, true))
		;
	if (seep_nurseries_copy(&young, s->drain) == 0) {
		seep_nurseries_apply(&young, s->drain);
		seep_nurseries_close(&young);
	} else {
		s->drain->failed = true;
	}
	seep_books_settle(s->books);
	say_what_is_missing(s);
	status = epoch_finish(s, 0);
	end_fill(s, end);
	return status;
}

static int trace_finish(struct session *s, const struct seep_trace_end *end)
{
	if (seep_live_write(s->books, s->writer) < 0)
		return -1;
	return seep_writer_frame(s->writer, SEEP_FRAME_END, 1, end, sizeof(*end));
}

/* Waits for children of a process that has ended already: as long as one that has not asked yet is alive, it maps the
 * region. Returns as children_serve. */
static int linger(struct session *s, pid_t *child)
{
	struct pollfd asked = {.fd = s->listener, .events = POLLIN};
	int wait_ms = 10;

	while (seep_region_mapped_elsewhere(&s->region)) {
		struct ucred peer;
		int connection;

		wait_ms = wait_ms < LINGER_MAX_MS / 2 ? 2 * wait_ms : LINGER_MAX_MS;
		if (poll(&asked, 1, wait_ms) <= 0)
			continue;
		connection = seep_messages_accept(s->listener, &peer);
		if (connection < 0)
			continue;
		wait_ms = 10;
		if (fork() == 0) {
			*child = peer.pid;
			return connection;
		}
		close(connection);
	}
	return -1;
}

/* Returns a connection if this is now a forked child's collector (or lingered and is done: -1 with *child -1); otherwise -1
 * with *status set as seep_session_run returns it. */
static int session_finish(struct session *s, uint32_t how, int *status, pid_t *child)
{
	struct seep_trace_end end = {.how = how};
	int written;

	/* First, while the process can still be asked: its parent may be reaping it at this moment. */
	if (!how)
		seep_process_outcome(&s->process, atomic_load(&s->region.map->exit_called),
			atomic_load(&s->region.map->exit_status), &end);
	else
		end.exit_status = -1;
	written = books_finish(s, &end);
	seep_watcher_stop(&s->watcher);
	seep_region_unmap(&s->region);
	if (seep_region_mapped_elsewhere(&s->region) && fork() == 0) {
		int connection;

		seep_writer_close(s->writer);
		s->writer = NULL;
		connection = linger(s, child);
		if (connection < 0)
			_exit(0);
		return connection;
	}
	if (written == 0)
		written = trace_finish(s, &end);
	*status = all_is_well(s, written) ? 0 : -1;
	if (*status < 0)
		report(s->setup, "failed", s->process.pid, s->message);
	seep_writer_close(s->writer); /* before anybody is told that it is finished */
	s->writer = NULL;
	report(s->setup, "finished", s->process.pid, s->path);
	return -1;
}

/* The recording stops though the program goes on. What is known is written if that is still possible. The mutex must not be
 * unlocked: the program learns from the kernel, when this process ends, that nobody reads any more. */
static void session_give_up(struct session *s)
{
	struct seep_trace_end end = {.how = SEEP_END_STOPPED, .exit_status = -1};

	report(s->setup, "failed", s->process.pid, s->message);
	seep_notes_fault(&s->notes, s->books->now_ns, "the recording stopped: %s", s->message);
	if (books_finish(s, &end) == 0)
		(void)trace_finish(s, &end);
	report(s->setup, "finished", s->process.pid, s->path);
}

/* Turns the copy of a session that fork() made into the beginning of one for the child. NULL: out of memory. */
static struct session *session_inherit(struct session *parent)
{
	struct session *s = session_new(parent->setup);

	if (s && seep_books_inherit(parent->books) == 0) {
		s->books = parent->books;
		parent->books = NULL;
	}
	session_free(parent, false);
	if (s && !s->books) {
		session_free(s, true);
		return NULL;
	}
	return s;
}

int seep_session_run(const struct seep_session_setup *setup, int connection, pid_t pid)
{
	struct session *s = session_new(setup);
	int status = -1;

	while (s) {
		enum outcome outcome;
		int next = -1;
		uint32_t how;

		if (session_start(s, connection, pid) < 0)
			break;
		close(connection);
		connection = -1;
		outcome = session_record(s, &how, &next, &pid);
		if (outcome == OUTCOME_FAILED) {
			session_give_up(s);
			return -1; /* as it is: see there */
		}
		if (outcome == OUTCOME_ENDED)
			next = session_finish(s, how, &status, &pid);
		if (next < 0)
			break;
		connection = next;
		s = session_inherit(s);
	}
	if (connection >= 0)
		close(connection);
	if (s)
		session_free(s, true);
	return status;
}

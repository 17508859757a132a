/* SPDX-License-Identifier: Apache-2.0
 *
 * start.c: the beginning of a recording. Called by session.c. One thread.
 */
#include "recording.h"

#include "clock.h"
#include "messages.h"
#include "output.h"

#include "seep/wire.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define HELLO_LIMIT_MS 2000

static uint64_t realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int process_frame_write(struct seep_recording *r)
{
	const struct seep_settings *settings = r->setup->settings;
	struct seep_trace_process head = {.pid = (uint32_t)r->process.pid,
		.ppid = (uint32_t)r->process.ppid,
		.start_realtime_ns = realtime_ns() - (seep_clock_ns() - r->start_ns),
		.sample_bytes = settings->sample_bytes,
		.depth_limit = settings->depth_limit,
		.argc = r->process.argc,
		.forked = r->forked,
		.on_full = settings->on_full,
		.tick_ns = SEEP_WIRE_TICK_NS};
	size_t executable = strlen(r->process.executable) + 1, directory = strlen(r->process.directory) + 1;
	size_t bytes = sizeof(head) + executable + directory + r->process.arguments_bytes;
	char *raw = malloc(bytes);
	int status;

	if (!raw) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(raw, &head, sizeof(head));
	memcpy(raw + sizeof(head), r->process.executable, executable);
	memcpy(raw + sizeof(head) + executable, r->process.directory, directory);
	memcpy(raw + sizeof(head) + executable + directory, r->process.arguments, r->process.arguments_bytes);
	status = seep_writer_frame(r->writer, SEEP_FRAME_PROCESS, 1, raw, bytes);
	free(raw);
	return status;
}

/* Returns 0, or an errno with a message. */
static int trace_start(struct seep_recording *r)
{
	uint64_t run_start = r->setup->run_start_ns ? r->setup->run_start_ns : r->process.start_realtime_ns;
	int fd =
		seep_output_create(r->setup->settings, &r->process, run_start, r->path, r->message, sizeof(r->message));
	char reason[200];

	if (fd < 0) {
		int error = errno;

		r->path[0] = 0;
		return error;
	}
	if (seep_writer_open(&r->writer, fd, reason, sizeof(reason)) < 0) {
		snprintf(r->message, sizeof(r->message), "%s: %s", r->path, reason);
		return EIO;
	}
	if (process_frame_write(r) < 0) {
		int error = errno;

		snprintf(r->message, sizeof(r->message), "%s: %s", r->path, strerror(error));
		return error;
	}
	return r->setup->settings->durable && seep_durable_begin(r) < 0 ? errno : 0;
}

static int listen_somewhere(char name[SEEP_WIRE_SOCKET_NAME])
{
	uint64_t random[4];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -1;
	snprintf(name, SEEP_WIRE_SOCKET_NAME, "seep.%016" PRIx64 "%016" PRIx64 "/%016" PRIx64 "%016" PRIx64, random[0],
		random[1], random[2], random[3]);
	return seep_messages_listen(name);
}

/* Each process chooses its own samples, unless a test says which. */
static uint64_t seed_choose(const struct seep_settings *settings)
{
	uint64_t seed = settings->sample_seed;

	if (!settings->seed_given && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = seep_clock_ns();
	return seed;
}

/* Returns 0, or an errno with a message. */
static int region_start(struct seep_recording *r, uint64_t address_space_limit)
{
	const struct seep_region_place place = {r->path, r->durable.trace_checksum};

	if (seep_region_open(&r->region, r->setup->settings, address_space_limit, r->socket_name,
		    r->setup->settings->durable ? &place : NULL, r->message, sizeof(r->message)) < 0)
		return errno;
	r->region.map->sample_seed = seed_choose(r->setup->settings);
	return 0;
}

static int watcher_start(struct seep_recording *r)
{
	int error;

	if (seep_watcher_start(&r->watcher, &r->region, r->listener, SEEP_SESSION_EXEC_SIGNAL) == 0)
		return 0;
	error = errno;
	snprintf(r->message, sizeof(r->message), "cannot start a thread: %s", strerror(error));
	return error;
}

/* Returns 0, or an errno with a message. */
static int memory_start(struct seep_recording *r, uint64_t address_space_limit)
{
	int error;

	r->listener = listen_somewhere(r->socket_name);
	if (r->listener < 0) {
		snprintf(r->message, sizeof(r->message), "cannot listen for forked children: %s", strerror(errno));
		return errno;
	}
	error = region_start(r, address_space_limit);
	if (error)
		return error;
	seep_drain_open(r->drain, &r->region, r->books, &r->notes);
	snprintf(r->message, sizeof(r->message), "cannot start the recording: out of memory");
	if (seep_tree_open(&r->tree, &r->region) < 0)
		return errno;
	return watcher_start(r);
}

/* What was prepared for a program without limits, for one that has some. Nobody knows of it yet but the watcher. */
static int region_exchange(struct seep_recording *r, uint64_t address_space_limit)
{
	int error;

	seep_watcher_stop(&r->watcher);
	seep_region_close(&r->region, true);
	error = region_start(r, address_space_limit);
	return error ? error : watcher_start(r);
}

static int books_start(struct seep_recording *r)
{
	if (r->books)
		return 0; /* inherited */
	r->books = malloc(sizeof(*r->books));
	if (r->books && seep_books_open(r->books) == 0) {
		r->books->sample_bytes = r->setup->settings->sample_bytes;
		return 0;
	}
	free(r->books);
	r->books = NULL;
	snprintf(r->message, sizeof(r->message), "out of memory for the books");
	return ENOMEM;
}

static int hello_check(struct seep_recording *r, int connection, struct seep_wire_hello *hello)
{
	if (seep_messages_hello(connection, hello, HELLO_LIMIT_MS) < 0) {
		snprintf(r->message, sizeof(r->message), "no valid hello: %s", strerror(errno));
		return errno;
	}
	if (hello->kind != SEEP_HELLO_IMAGE && hello->kind != SEEP_HELLO_FORK) {
		snprintf(r->message, sizeof(r->message), "a hello of an unknown kind (%u)", hello->kind);
		return EPROTO;
	}
	if (memcmp(hello->secret, r->secret, sizeof(hello->secret)) != 0) {
		snprintf(r->message, sizeof(r->message), "it is not a program of this run");
		return EPERM;
	}
	r->forked = hello->kind == SEEP_HELLO_FORK;
	if (r->setup->settings_fault) {
		snprintf(r->message, sizeof(r->message), "%s", r->setup->settings_fault);
		return EINVAL;
	}
	return 0;
}

bool seep_recording_prepare(struct seep_recording *r)
{
	/* A durable one has its region beside the trace, which is not named yet. */
	r->prepared = !r->setup->settings_fault && !r->setup->settings->durable && books_start(r) == 0 &&
		      memory_start(r, UINT64_MAX) == 0;
	return r->prepared;
}

/* SEEP_ONLY: patterns separated by commas. */
static bool is_wanted(const struct seep_recording *r)
{
	const char *patterns = r->setup->settings->only;
	char name[256], pattern[256];

	if (!patterns)
		return true;
	seep_process_name(&r->process, name, sizeof(name));
	while (*patterns) {
		size_t length = strcspn(patterns, ",");

		snprintf(pattern, sizeof(pattern), "%.*s", (int)length, patterns);
		if (fnmatch(pattern, name, 0) == 0)
			return true;
		patterns += length + (patterns[length] != 0);
	}
	return false;
}

int seep_recording_start(struct seep_recording *r, int connection, pid_t pid)
{
	struct seep_wire_hello hello;
	int error = hello_check(r, connection, &hello);

	if (!error && seep_process_open(&r->process, pid, r->message, sizeof(r->message)) < 0)
		error = errno;
	if (!error && !is_wanted(r)) {
		seep_recording_report(r->setup, "skipped", pid, r->process.executable);
		(void)seep_messages_welcome(connection, ECANCELED, 0, -1);
		return -1;
	}
	r->start_ns = seep_clock_ns();
	r->epoch.first_ns = r->setup->settings->first_epoch_ns;
	r->trim.limit = r->setup->settings->max_trace_bytes;
	r->epoch.trim = r->trim.limit ? &r->trim : NULL;
	if (!error)
		error = books_start(r);
	if (!error)
		error = trace_start(r);
	if (!error && !r->prepared)
		error = memory_start(r, hello.address_space_limit);
	else if (!error && hello.address_space_limit != UINT64_MAX)
		error = region_exchange(r, hello.address_space_limit);
	if (!error && seep_watcher_add(&r->watcher, r->process.pidfd) < 0) {
		error = errno;
		snprintf(r->message, sizeof(r->message), "cannot watch the process: %s", strerror(error));
	}
	if (!error && r->setup->settings->durable && seep_durable_start(r) < 0)
		error = errno;
	if (error) {
		seep_durable_end(r);
		if (r->writer)
			seep_output_remove(r->path, seep_writer_fd(r->writer));
		else if (r->path[0])
			unlink(r->path); /* made a moment ago */
		seep_recording_report(r->setup, "failed", pid, r->message);
		(void)seep_messages_welcome(connection, error, 0, -1);
		return -1;
	}
	/* In this order: once the program runs on, the launcher knows that there is something to wait for. */
	seep_recording_report(r->setup, "started", pid, r->path);
	(void)seep_messages_welcome(
		connection, 0, r->region.bytes, r->region.memfd); /* if it is gone, its pidfd tells */
	seep_region_handed(&r->region);
	return 0;
}

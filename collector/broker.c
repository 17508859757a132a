/* SPDX-License-Identifier: Apache-2.0
 *
 * broker.c: forks a session for each connection, and speaks for sessions that were killed. Called by main.c. One thread;
 * SIGCHLD is ignored, so nobody is reaped here.
 *
 * What a session needs takes longer to make than many a program runs. So one always stands by, with all of it, for the next connection.
 *
 * Sessions fork further sessions, for forked children. Such a family shares one socket to the broker, over which each says to it
 * what it says to the launcher; when the last one is gone, the broker sees its end. A pidfd tells when a single one is.
 */
#include "broker.h"

#include "beside.h"
#include "messages.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A session that has said "started". */
struct recording {
	int pidfd; /* of the session; -1: it is asked for by its number */
	pid_t session;
	pid_t traced;
	char *path;
	bool ended;
};

/* A session that stands by. */
struct spare {
	int orders; /* where it waits for a connection; -1: there is none */
	int family; /* the broker's end */
};

struct broker {
	const struct seep_session_setup *setup;
	struct spare spare;
	int listener;
	int launcher; /* -1: gone */
	pid_t first; /* the process that said hello first; 0: nobody has yet */
	int *families;
	uint32_t families_used;
	struct recording *recordings;
	uint32_t recordings_used;
	struct pollfd *fds; /* listener, launcher, families, recordings */
};

/* ---- What sessions say ---- */

static void recording_add(struct broker *b, pid_t session, pid_t traced, const char *path)
{
	struct recording *larger = reallocarray(b->recordings, b->recordings_used + 1, sizeof(*larger));
	struct recording new = {.session = session, .traced = traced};

	if (!larger)
		return;
	b->recordings = larger;
	new.path = strdup(path);
	if (!new.path)
		return;
	new.pidfd = (int)syscall(SYS_pidfd_open, session, 0); /* -1: it is gone, or there is no descriptor left */
	b->recordings[b->recordings_used++] = new;
}

static void recording_remove(struct broker *b, uint32_t i)
{
	struct recording *removed = &b->recordings[i];

	if (removed->pidfd >= 0)
		close(removed->pidfd);
	free(removed->path);
	removed->path = NULL;
	b->recordings_used--;
	memmove(removed, removed + 1, (b->recordings_used - i) * sizeof(*removed));
}

static void line_take(struct broker *b, pid_t session, const char *line)
{
	char verb[16];
	int traced, rest = 0;

	if (sscanf(line, "%15s %d %n", verb, &traced, &rest) < 2 || !rest)
		return;
	if (strcmp(verb, "started") == 0)
		recording_add(b, session, traced, line + rest);
	for (uint32_t i = 0; strcmp(verb, "finished") == 0 && i < b->recordings_used; i++)
		if (b->recordings[i].session == session && b->recordings[i].traced == traced) {
			recording_remove(b, i);
			return;
		}
}

/* Takes all that a family has said. False: it has come to its end. */
static bool family_listen(struct broker *b, int fd)
{
	char line[SEEP_MESSAGES_LINE];
	pid_t session;
	ssize_t length;

	while ((length = seep_messages_line(fd, line, &session)) > 0)
		line_take(b, session, line);
	return length < 0 && (errno == EAGAIN || errno == EINTR);
}

static void families_listen(struct broker *b)
{
	for (uint32_t i = 0; i < b->families_used;) {
		if (family_listen(b, b->families[i])) {
			i++;
		} else {
			close(b->families[i]);
			b->families[i] = b->families[--b->families_used];
		}
	}
}

static bool is_gone(const struct recording *r)
{
	struct pollfd end = {.fd = r->pidfd, .events = POLLIN};

	return r->pidfd < 0 ? kill(r->session, 0) < 0 && errno == ESRCH : poll(&end, 1, 0) > 0;
}

static bool dead_find(struct broker *b)
{
	bool found = false;

	for (uint32_t i = 0; i < b->recordings_used; i++) {
		struct recording *r = &b->recordings[i];

		r->ended = is_gone(r);
		found = found || r->ended;
	}
	return found;
}

/* A session that ended without having finished was killed. Its trace is readable as far as it goes. */
static void dead_speak_for(struct broker *b)
{
	if (!dead_find(b))
		return;
	/* What it said, it said before it ended; but that may have been after the last listening. */
	families_listen(b);
	for (uint32_t i = 0; i < b->recordings_used;) {
		const struct recording *r = &b->recordings[i];

		if (!r->ended) {
			i++;
			continue;
		}
		seep_messages_report(b->launcher, "failed %d its collector was killed; %s: %s", (int)r->traced,
			b->setup->settings->durable && seep_beside_books(r->path)
				? "`seep report` takes the rest from the files beside its trace"
				: "the trace is not complete",
			r->path);
		seep_messages_report(b->launcher, "finished %d %s", (int)r->traced, r->path);
		recording_remove(b, i);
	}
}

/* ---- New sessions ---- */

/* A program that says hello though it is being recorded has executed another; its session need not find out by itself. */
static void session_tell_exec(const struct broker *b, pid_t traced)
{
	for (uint32_t i = 0; i < b->recordings_used; i++)
		if (b->recordings[i].traced == traced && b->recordings[i].pidfd >= 0)
			syscall(SYS_pidfd_send_signal, b->recordings[i].pidfd, SEEP_SESSION_EXEC_SIGNAL, NULL, 0);
}

static void spare_close(struct broker *b)
{
	if (b->spare.orders < 0)
		return;
	close(b->spare.orders);
	close(b->spare.family);
	b->spare.orders = -1;
}

/* The session needs none of the broker's descriptors but the launcher's. */
static void broker_close(struct broker *b, bool session)
{
	close(b->listener);
	if (!session && b->launcher >= 0)
		close(b->launcher);
	spare_close(b);
	for (uint32_t i = 0; i < b->families_used; i++)
		close(b->families[i]);
	while (b->recordings_used)
		recording_remove(b, 0);
	free(b->families);
	free(b->recordings);
	free(b->fds);
}

/* In the process of a new session. The broker is told first: whoever hears from the broker of a session must know that it knows. */
static struct seep_session_setup session_setup(const struct broker *b, int family)
{
	struct seep_session_setup setup = *b->setup;

	setup.report_fds[0] = family;
	setup.report_fds[1] = b->launcher;
	return setup;
}

/* Forks. Returns 0 in the session's process, with its end of *family; otherwise its number or -1, with the broker's end. */
static pid_t session_fork(int *family)
{
	int ends[2];
	pid_t session;

	if (seep_messages_pair(ends) < 0)
		return -1;
	session = fork();
	*family = ends[session == 0];
	close(ends[session != 0]);
	if (session < 0)
		close(*family);
	return session;
}

static bool family_reserve(struct broker *b)
{
	int *larger = reallocarray(b->families, b->families_used + 1, sizeof(*larger));

	if (larger)
		b->families = larger;
	return larger;
}

/* True in the spare's process, when it has ended with *status. */
static bool spare_make(struct broker *b, int *status)
{
	int orders[2], family;
	pid_t session;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) < 0)
		return false;
	session = session_fork(&family);
	if (session == 0) {
		struct seep_session_setup setup = session_setup(b, family);

		close(orders[0]);
		broker_close(b, true);
		*status = seep_session_stand_by(&setup, orders[1]);
		return true;
	}
	close(orders[1]);
	if (session < 0)
		close(orders[0]);
	else
		b->spare = (struct spare){orders[0], family};
	return false;
}

/* Hands a connection to the spare. False: there is none, or it was killed. */
static bool spare_use(struct broker *b, int connection, pid_t traced)
{
	bool used = b->spare.orders >= 0 && seep_messages_hand(b->spare.orders, connection, traced) == 0;

	if (used) {
		b->families[b->families_used++] = b->spare.family;
		close(b->spare.orders);
		b->spare.orders = -1;
	} else {
		spare_close(b);
	}
	return used;
}

static void refuse(const struct broker *b, int connection, pid_t traced)
{
	seep_messages_report(b->launcher, "failed %d no process or memory for its collector", (int)traced);
	(void)seep_messages_welcome(connection, EAGAIN, 0, -1);
}

/* True in the session's process, when it has ended with *status. */
static bool session_make(struct broker *b, int connection, pid_t traced, int *status)
{
	int family;
	pid_t session = session_fork(&family);

	if (session == 0) {
		struct seep_session_setup setup = session_setup(b, family);

		broker_close(b, true);
		*status = seep_session_run(&setup, connection, traced);
		return true;
	}
	if (session > 0)
		b->families[b->families_used++] = family;
	else
		refuse(b, connection, traced);
	return false;
}

/* True in a session's process, when it has ended with *status. */
static bool connection_serve(struct broker *b, int *status)
{
	struct ucred peer;
	int connection = seep_messages_accept(b->listener, &peer);
	bool session = false;

	if (connection < 0)
		return false;
	session_tell_exec(b, peer.pid);
	if (!b->first)
		b->first = peer.pid;
	if (b->setup->settings->no_follow && peer.pid != b->first)
		(void)seep_messages_welcome(connection, ECANCELED, 0, -1);
	else if (!family_reserve(b))
		refuse(b, connection, peer.pid);
	else if (!spare_use(b, connection, peer.pid))
		session = session_make(b, connection, peer.pid, status);
	if (session)
		return true;
	close(connection);
	return b->spare.orders < 0 && spare_make(b, status);
}

/* ---- The loop ---- */

static int fds_wait(struct broker *b)
{
	uint32_t count = 2 + b->families_used + b->recordings_used, used = 2;
	struct pollfd *fds = reallocarray(b->fds, count, sizeof(*fds));

	if (!fds)
		return -1;
	b->fds = fds;
	fds[0] = (struct pollfd){.fd = b->listener, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = b->launcher, .events = POLLIN};
	for (uint32_t i = 0; i < b->families_used; i++)
		fds[used++] = (struct pollfd){.fd = b->families[i], .events = POLLIN};
	for (uint32_t i = 0; i < b->recordings_used; i++)
		fds[used++] = (struct pollfd){.fd = b->recordings[i].pidfd, .events = POLLIN};
	return poll(fds, count, -1) >= 0 || errno == EINTR ? 0 : -1;
}

/* The launcher says nothing, so all that can be read from it is its end. */
static bool launcher_is_gone(int fd)
{
	char byte;

	return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR);
}

int seep_broker_run(const struct seep_session_setup *setup, int listener, int launcher_fd)
{
	struct broker b = {.setup = setup, .spare.orders = -1, .listener = listener, .launcher = launcher_fd};
	int status = 0;

	if (spare_make(&b, &status))
		return status;
	while (b.launcher >= 0 || b.families_used > 0) {
		if (fds_wait(&b) < 0) {
			status = -1;
			break;
		}
		if (b.fds[1].revents && launcher_is_gone(b.launcher)) {
			close(b.launcher);
			b.launcher = -1;
			spare_close(&b);
		}
		/* In this order: what a session said before it ended has been heard. */
		families_listen(&b);
		dead_speak_for(&b);
		if (b.fds[0].revents & POLLIN && connection_serve(&b, &status))
			return status;
	}
	broker_close(&b, false);
	return status;
}

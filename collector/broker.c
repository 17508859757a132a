/* SPDX-License-Identifier: Apache-2.0
 *
 * broker.c: forks a session for each connection, and speaks for sessions that were killed. Called by main.c. One thread;
 * SIGCHLD is ignored, so nobody is reaped here.
 *
 * Sessions fork further sessions, for forked children. Such a family shares one socket to the broker, over which each says to it
 * what it says to the launcher; when the last one is gone, the broker sees its end. A pidfd tells when a single one is.
 */
#include "broker.h"

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
	int pidfd; /* of the session */
	pid_t session;
	pid_t traced;
	char *path;
	bool ended;
};

struct broker {
	const struct seep_session_setup *setup;
	int listener;
	int launcher; /* -1: gone */
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
	new.pidfd = (int)syscall(SYS_pidfd_open, session, 0); /* -1: it is gone, which is found out at once */
	if (new.path)
		b->recordings[b->recordings_used++] = new;
}

static void recording_remove(struct broker *b, uint32_t i)
{
	struct recording *removed = &b->recordings[i];

	if (removed->pidfd >= 0)
		close(removed->pidfd);
	free(removed->path);
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

static bool dead_find(struct broker *b)
{
	bool found = false;

	for (uint32_t i = 0; i < b->recordings_used; i++) {
		struct recording *r = &b->recordings[i];
		struct pollfd end = {.fd = r->pidfd, .events = POLLIN};

		r->ended = r->pidfd < 0 || poll(&end, 1, 0) > 0;
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
		seep_messages_report(b->launcher, "failed %d its collector was killed; the trace is not complete: %s",
			(int)r->traced, r->path);
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

/* The session needs none of the broker's descriptors but the launcher's. */
static void broker_close(struct broker *b, bool session)
{
	close(b->listener);
	if (!session && b->launcher >= 0)
		close(b->launcher);
	for (uint32_t i = 0; i < b->families_used; i++)
		close(b->families[i]);
	while (b->recordings_used)
		recording_remove(b, 0);
	free(b->families);
	free(b->recordings);
	free(b->fds);
}

static int session_run(struct broker *b, int connection, pid_t traced, int family)
{
	struct seep_session_setup setup = *b->setup;

	/* The broker first: whoever is told by it of a session must know of that session from then on. */
	setup.report_fds[0] = family;
	setup.report_fds[1] = b->launcher;
	broker_close(b, true);
	return seep_session_run(&setup, connection, traced);
}

/* True in the session's process, when it has ended with *status. */
static bool connection_serve(struct broker *b, int *status)
{
	struct ucred peer;
	int connection = seep_messages_accept(b->listener, &peer), family[2] = {-1, -1};
	int *larger;
	pid_t session = -1;

	if (connection < 0)
		return false;
	session_tell_exec(b, peer.pid);
	larger = reallocarray(b->families, b->families_used + 1, sizeof(*larger));
	if (larger) {
		b->families = larger;
		if (seep_messages_pair(family) == 0)
			session = fork();
	}
	if (session == 0) {
		close(family[0]);
		*status = session_run(b, connection, peer.pid, family[1]);
		return true;
	}
	if (session > 0) {
		b->families[b->families_used++] = family[0];
	} else {
		seep_messages_report(b->launcher, "failed %d no process or memory for its collector", (int)peer.pid);
		(void)seep_messages_welcome(connection, EAGAIN, 0, -1);
		close(family[0]);
	}
	close(family[1]);
	close(connection);
	return false;
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
	struct broker b = {.setup = setup, .listener = listener, .launcher = launcher_fd};
	int status = 0;

	while (b.launcher >= 0 || b.families_used > 0) {
		if (fds_wait(&b) < 0) {
			status = -1;
			break;
		}
		if (b.fds[1].revents && launcher_is_gone(b.launcher)) {
			close(b.launcher);
			b.launcher = -1;
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

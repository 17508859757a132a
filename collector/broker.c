/* SPDX-License-Identifier: Apache-2.0
 *
 * broker.c: forks a session for each connection. Called by main.c. One thread; SIGCHLD is ignored, so nobody is reaped here.
 *
 * A session may fork further sessions, so its end is not the end of its family. Each family holds the write end of a pipe of
 * its own; the broker sees the last one close it.
 */
#include "broker.h"

#include "messages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_FAMILY 2 /* in broker.fds, after the listener and the launcher */

struct broker {
	const struct seep_session_setup *setup;
	struct pollfd *fds;
	nfds_t used;
	nfds_t size;
};

static bool fds_reserve(struct broker *b)
{
	nfds_t size = b->size ? 2 * b->size : 16;
	struct pollfd *larger;

	if (b->used < b->size)
		return true;
	larger = reallocarray(b->fds, size, sizeof(*larger));
	if (!larger)
		return false;
	b->fds = larger;
	b->size = size;
	return true;
}

static void fds_add(struct broker *b, int fd)
{
	b->fds[b->used++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* The session needs none of the broker's descriptors but the launcher's. */
static void fds_close(struct broker *b, int keep)
{
	for (nfds_t i = 0; i < b->used; i++)
		if (b->fds[i].fd >= 0 && b->fds[i].fd != keep)
			close(b->fds[i].fd);
	free(b->fds);
}

/* True in the session's process, when it has ended with *status. */
static bool connection_serve(struct broker *b, int listener, int *status)
{
	struct ucred peer;
	int connection = seep_messages_accept(listener, &peer), family[2];
	pid_t session = -1;

	if (connection < 0)
		return false;
	if (fds_reserve(b) && pipe2(family, O_CLOEXEC) == 0) {
		session = fork();
		if (session == 0) {
			close(family[0]);
			fds_close(b, b->setup->report_fd);
			*status = seep_session_run(b->setup, connection, peer.pid);
			return true;
		}
		close(family[1]);
		if (session > 0)
			fds_add(b, family[0]);
		else
			close(family[0]);
	}
	if (session < 0) {
		seep_messages_report(
			b->setup->report_fd, "failed %d no process or memory for its collector", (int)peer.pid);
		(void)seep_messages_welcome(connection, EAGAIN, 0, -1);
	}
	close(connection);
	return false;
}

static void families_forget(struct broker *b)
{
	for (nfds_t i = FIRST_FAMILY; i < b->used;) {
		if (b->fds[i].revents) {
			close(b->fds[i].fd);
			b->fds[i] = b->fds[--b->used];
		} else {
			i++;
		}
	}
}

/* The launcher says nothing, so all that can be read from it is its end. */
static bool launcher_is_gone(int fd)
{
	char byte;

	return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR);
}

int seep_broker_run(const struct seep_session_setup *setup, int listener, int launcher_fd)
{
	struct broker b = {.setup = setup};
	bool launcher = true;
	int status = 0;

	if (!fds_reserve(&b))
		return -1;
	fds_add(&b, listener);
	fds_add(&b, launcher_fd);
	while (launcher || b.used > FIRST_FAMILY) {
		if (poll(b.fds, b.used, -1) < 0) {
			if (errno == EINTR)
				continue;
			status = -1;
			break;
		}
		if (b.fds[1].revents && launcher_is_gone(launcher_fd)) {
			launcher = false;
			b.fds[1].fd = -1;
		}
		families_forget(&b);
		if (b.fds[0].revents && connection_serve(&b, listener, &status))
			return status;
	}
	fds_close(&b, -1);
	return status;
}

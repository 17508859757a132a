/* SPDX-License-Identifier: Apache-2.0
 *
 * callers.c: see callers.h. Called by session.c. One thread.
 */
#include "callers.h"

#include "messages.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define SOON_MS 2

static void caller_remove(struct seep_callers *c, unsigned number)
{
	c->used--;
	c->silent -= number < c->silent;
	memmove(c->fds + number, c->fds + number + 1, (c->used - number) * sizeof(c->fds[0]));
	memmove(c->pids + number, c->pids + number + 1, (c->used - number) * sizeof(c->pids[0]));
}

static void first_send_away(struct seep_callers *c)
{
	close(c->fds[0]);
	caller_remove(c, 0);
}

static bool is_ready(int fd, int timeout_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return poll(&ready, 1, timeout_ms) > 0;
}

/* There is no descriptor left, which is told also where nobody waits for one. Returns whether to try again. */
static bool room_make(struct seep_callers *c, int listener)
{
	if (!c->used || !is_ready(listener, 0))
		return false;
	c->accepted++;
	/* He may be about to speak. */
	if (is_ready(c->fds[0], SOON_MS))
		c->silent = 0;
	else
		first_send_away(c);
	return true;
}

static void caller_add(struct seep_callers *c, int fd, pid_t pid, struct seep_watcher *watcher)
{
	if (c->used == SEEP_CALLERS_MAX)
		first_send_away(c);
	c->fds[c->used] = fd;
	c->pids[c->used++] = pid;
	/* Unwatched: if he has nothing to say until then, he waits for the next call. */
	if (watcher && seep_watcher_add_caller(watcher, fd) < 0)
		(void)is_ready(fd, SOON_MS);
}

/* Accepts one. False: there is none, or the turn is over. */
static bool accept_one(struct seep_callers *c, int listener, struct seep_watcher *watcher)
{
	struct ucred peer;
	int fd;

	if (c->accepted == SEEP_CALLERS_TURN)
		return false;
	fd = seep_messages_accept(listener, &peer);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return room_make(c, listener);
	if (fd < 0 && errno != EPERM && errno != ECONNABORTED && errno != EINTR)
		return false;
	c->accepted++;
	if (fd >= 0)
		caller_add(c, fd, peer.pid, watcher);
	return true;
}

/* Who has spoken, and rightly, of those who were not looked at yet. Others are sent away. */
static int spoken(struct seep_callers *c, const char *secret, pid_t *pid)
{
	while (c->silent < c->used) {
		int fd = c->fds[c->silent], right = seep_messages_hello_is_right(fd, secret);

		if (right < 0) {
			c->silent++;
			continue;
		}
		*pid = c->pids[c->silent];
		caller_remove(c, c->silent);
		if (right)
			return fd;
		(void)seep_messages_welcome(fd, EPERM, 0, -1);
		close(fd);
	}
	return -1;
}

int seep_callers_next(
	struct seep_callers *c, int listener, const char *secret, struct seep_watcher *watcher, pid_t *pid)
{
	int fd;

	do
		fd = spoken(c, secret, pid);
	while (fd < 0 && accept_one(c, listener, watcher));
	return fd;
}

bool seep_callers_turn(struct seep_callers *c)
{
	bool over = c->accepted == SEEP_CALLERS_TURN;

	c->accepted = c->silent = 0;
	return over;
}

bool seep_callers_wait(const struct seep_callers *c, int listener, int timeout_ms)
{
	struct pollfd fds[1 + SEEP_CALLERS_MAX] = {{.fd = listener, .events = POLLIN}};

	for (unsigned i = 0; i < c->used; i++)
		fds[1 + i] = (struct pollfd){.fd = c->fds[i], .events = POLLIN};
	return poll(fds, 1 + c->used, timeout_ms) > 0;
}

void seep_callers_close(struct seep_callers *c)
{
	while (c->used)
		close(c->fds[--c->used]);
}

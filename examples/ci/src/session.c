/* SPDX-License-Identifier: Apache-2.0
 *
 * session.c: a list of sessions, the newest first.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

struct session {
	struct session *next;
	char *user;
};

struct sessions {
	struct session *first;
	unsigned count;
};

struct sessions *sessions_create(void)
{
	return calloc(1, sizeof(struct sessions));
}

/* Where the link to a user's session is; the end of the list if there is none. */
static struct session **find(struct sessions *s, const char *user)
{
	struct session **link = &s->first;

	while (*link && strcmp((*link)->user, user))
		link = &(*link)->next;
	return link;
}

static void session_free(struct session *session)
{
	free(session->user);
	free(session);
}

bool session_login(struct sessions *s, const char *user)
{
	struct session *session;

	if (*find(s, user))
		return false;
	session = calloc(1, sizeof(*session));
	if (!session)
		return false;
	session->user = strdup(user);
	session->next = s->first;
	s->first = session;
	s->count++;
	return true;
}

bool session_logout(struct sessions *s, const char *user)
{
	struct session **link = find(s, user), *session = *link;

	if (!session)
		return false;
	*link = session->next;
	s->count--;
	session_free(session);
	return true;
}

unsigned sessions_count(const struct sessions *s)
{
	return s->count;
}

void sessions_free(struct sessions *s)
{
	while (s->first) {
		struct session *next = s->first->next;

		session_free(s->first);
		s->first = next;
	}
	free(s);
}

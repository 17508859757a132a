/* SPDX-License-Identifier: Apache-2.0
 *
 * http_client.h: one connection to a server on this machine, kept open between requests. A client belongs to one thread.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_COOKIE_SIZE 64
#define HTTP_MESSAGE_MAX (64 * 1024) /* a whole answer, headers included */

struct http_client {
	unsigned port;
	int socket; /* -1: not connected */
	char message[HTTP_MESSAGE_MAX + 1];
	char error[160]; /* why the last call failed */
};

struct http_answer {
	unsigned status;
	char session[HTTP_COOKIE_SIZE]; /* the value of the session cookie that it sets, or "" */
	const char *body; /* ends in NUL; valid until the client's next request */
};

void http_client_init(struct http_client *client, unsigned port);
void http_client_close(struct http_client *client);

/* Sends one request and waits for its answer. `session` and `form` may be NULL. Returns false, with client->error, when
 * there was no whole answer; a status that says no is an answer. */
bool http_client_ask(struct http_client *client, const char *method, const char *path, const char *session,
	const char *form, struct http_answer *answer);

#endif

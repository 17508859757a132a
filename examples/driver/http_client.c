/* SPDX-License-Identifier: Apache-2.0
 *
 * http_client.c: as much of HTTP/1.1 as the session server speaks: answers with a Content-Length, or without a body.
 */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_SECONDS 60

void http_client_init(struct http_client *client, unsigned port)
{
	client->port = port;
	client->socket = -1;
	client->error[0] = '\0';
}

void http_client_close(struct http_client *client)
{
	if (client->socket >= 0)
		close(client->socket);
	client->socket = -1;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct http_client *client, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(client->error, sizeof(client->error), format, arguments);
	va_end(arguments);
	http_client_close(client);
	return false;
}

static bool open_connection(struct http_client *client)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)client->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_SECONDS};
	int yes = 1;

	if (client->socket >= 0)
		return true;
	client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->socket < 0)
		return fail(client, "no socket: %s", strerror(errno));
	setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(client->socket, (struct sockaddr *)&address, sizeof(address)))
		return fail(client, "no connection to port %u: %s", client->port, strerror(errno));
	return true;
}

static bool send_request(
	struct http_client *client, const char *method, const char *path, const char *session, const char *form)
{
	int size = snprintf(client->message, sizeof(client->message),
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s%s%sContent-Type: application/x-www-form-urlencoded\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		method, path, client->port, session ? "Cookie: session=" : "", session ? session : "",
		session ? "\r\n" : "", form ? strlen(form) : 0, form ? form : "");

	if (size < 0 || (size_t)size >= sizeof(client->message))
		return fail(client, "the request is too long");
	for (int sent = 0; sent < size;) {
		ssize_t more = send(client->socket, client->message + sent, (size_t)(size - sent), MSG_NOSIGNAL);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return fail(client, "%s %s: sending: %s", method, path, strerror(errno));
		sent += (int)more;
	}
	return true;
}

/* The value of a header, just behind its colon and blanks, or NULL. */
static const char *header(const char *headers, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = strstr(headers, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (!strncasecmp(line, name, length) && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " ");
	}
	return NULL;
}

/* How long the whole message is, once its headers are there; 0 before. */
static size_t message_length(const char *message)
{
	const char *end = strstr(message, "\r\n\r\n");
	if (!end)
		return 0;

	const char *content_length = header(message, "Content-Length");
	bool belongs_to_headers = content_length && content_length < end;
	return (size_t)(end + 4 - message) + (belongs_to_headers ? strtoul(content_length, NULL, 10) : 0);
}

static bool receive(struct http_client *client)
{
	size_t used = 0, needed = 0;

	while (!needed || used < needed) {
		ssize_t more = recv(client->socket, client->message + used, HTTP_MESSAGE_MAX - used, 0);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return fail(client, "waiting for the answer: %s", strerror(errno));
		if (more == 0)
			return fail(client, "the connection was closed before the answer was complete");
		used += (size_t)more;
		client->message[used] = '\0';
		needed = message_length(client->message);
		if (needed > HTTP_MESSAGE_MAX || (!needed && used == HTTP_MESSAGE_MAX))
			return fail(client, "the answer is longer than %d bytes", HTTP_MESSAGE_MAX);
	}
	return true;
}

static void read_session(const char *headers, char session[HTTP_COOKIE_SIZE])
{
	static const char name[] = "session=";
	const char *cookie = header(headers, "Set-Cookie");

	session[0] = '\0';
	if (cookie && !strncmp(cookie, name, sizeof(name) - 1)) {
		cookie += sizeof(name) - 1;
		snprintf(session, HTTP_COOKIE_SIZE, "%.*s", (int)strcspn(cookie, ";\r"), cookie);
	}
}

bool http_client_ask(struct http_client *client, const char *method, const char *path, const char *session,
	const char *form, struct http_answer *answer)
{
	if (!open_connection(client) || !send_request(client, method, path, session, form) || !receive(client))
		return false;
	if (sscanf(client->message, "HTTP/1.%*u %u", &answer->status) != 1)
		return fail(client, "%s %s: the answer is not HTTP", method, path);

	char *end = strstr(client->message, "\r\n\r\n");
	answer->body = end + 4;
	*end = '\0';
	read_session(client->message, answer->session);
	return true;
}

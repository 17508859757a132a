/* SPDX-License-Identifier: Apache-2.0
 *
 * http.c: finds the handler of a request by its path and method, collects the body, and builds the replies.
 */
#include "http.h"

#include "dashboard.h"
#include "data_handler.h"
#include "log.h"
#include "session_handler.h"
#include "status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_CONNECTION_SECONDS 30

static const struct route {
	const char *method;
	const char *path;
	http_handler *handle;
} routes[] = {
	{"POST", "/login", session_handle_login},
	{"POST", "/logout", session_handle_logout},
	{"GET", "/dashboard", dashboard_handle},
	{"GET", "/data", data_handle_get},
	{"POST", "/data", data_handle_post},
	{"GET", "/health", status_handle_health},
	{"GET", "/stats", status_handle_stats},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static enum MHD_Result dispatch(struct request *request)
{
	bool path_known = false;

	counter_add(&request->server->counters.requests, 1);
	if (request->body_too_large)
		return http_reply_text(request, MHD_HTTP_CONTENT_TOO_LARGE, "the request is too large\n");

	for (size_t i = 0; i < ROUTES; i++) {
		if (strcmp(request->path, routes[i].path))
			continue;
		if (!strcmp(request->method, routes[i].method))
			return routes[i].handle(request);
		path_known = true;
	}
	return path_known ? http_reply_text(request, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method\n")
			  : http_reply_text(request, MHD_HTTP_NOT_FOUND, "no such page\n");
}

/* Keeps on reading a body that is too large, because libmicrohttpd takes the reply only after it. */
static void collect_body(struct request *request, const char *data, size_t size)
{
	if (request->body_too_large)
		return;

	char *body = NULL;
	if (size <= HTTP_BODY_MAX - request->body_size)
		body = realloc(request->body, request->body_size + size);
	if (!body) {
		request->body_too_large = true;
		return;
	}
	memcpy(body + request->body_size, data, size);
	request->body = body;
	request->body_size += size;
}

static struct request *request_new(
	struct server *server, struct MHD_Connection *connection, const char *path, const char *method)
{
	struct request *request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;

	request->server = server;
	request->connection = connection;
	request->path = path;
	request->method = method;
	return request;
}

/* libmicrohttpd calls this for the headers, then for each part of the body, then once more for the reply. */
static enum MHD_Result on_request(void *server, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *data, size_t *data_size, void **context)
{
	struct request *request = *context;

	(void)version;
	if (!request) {
		request = request_new(server, connection, path, method);
		*context = request;
		return request ? MHD_YES : MHD_NO;
	}
	if (*data_size) {
		collect_body(request, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	return dispatch(request);
}

static void on_completed(
	void *server, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)server;
	(void)connection;
	(void)code;
	if (!request)
		return;
	free(request->body);
	free(request);
	*context = NULL;
}

struct MHD_Daemon *http_start(struct server *server, unsigned port, unsigned threads)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_SOCK_ADDR, 0, &address},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, IDLE_CONNECTION_SECONDS, NULL},
		/* A pool of one is what libmicrohttpd has without this option. */
		{threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};

	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
		on_request, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (!daemon)
		log_error("cannot listen on 127.0.0.1:%u: %s", port, strerror(errno));
	return daemon;
}

unsigned http_port(struct MHD_Daemon *daemon)
{
	return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void http_stop(struct MHD_Daemon *daemon)
{
	MHD_stop_daemon(daemon);
}

const char *http_cookie(struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

static enum MHD_Result send_response(struct request *request, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result = MHD_queue_response(request->connection, status, response);

	MHD_destroy_response(response);
	log_request(request->method, request->path, status);
	return result;
}

enum MHD_Result http_reply_text(struct request *request, unsigned status, const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	return send_response(request, status, response);
}

enum MHD_Result http_reply_body(struct request *request, unsigned status, const char *type, char *body, size_t size)
{
	if (!body)
		return http_reply_text(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");

	struct MHD_Response *response = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return send_response(request, status, response);
}

enum MHD_Result http_reply_cookie(struct request *request, const char *name, const char *value, unsigned max_age)
{
	char cookie[160];
	struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;

	snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Lax", name, value, max_age);
	MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
	return send_response(request, MHD_HTTP_NO_CONTENT, response);
}

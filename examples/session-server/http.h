/* SPDX-License-Identifier: Apache-2.0
 *
 * http.h: between libmicrohttpd and the handlers. A handler is called once a request, when the body is complete, on one of
 * libmicrohttpd's threads, and answers by returning what one of the http_reply functions returned.
 */
#ifndef HTTP_H
#define HTTP_H

#include "server.h"

#include <microhttpd.h>
#include <stddef.h>

#define HTTP_BODY_MAX (16 * 1024) /* larger requests are answered with 413 */

struct request {
	struct server *server;
	struct MHD_Connection *connection;
	const char *method;
	const char *path;
	char *body; /* belongs to http.c; NULL when there is none */
	size_t body_size;
	bool body_too_large;
};

typedef enum MHD_Result http_handler(struct request *request);

/* Starts to listen on the loopback interface and serves with `threads` threads. Port 0 takes a free one. Returns NULL, with
 * the reason in the log. */
struct MHD_Daemon *http_start(struct server *server, unsigned port, unsigned threads);
unsigned http_port(struct MHD_Daemon *daemon);

/* Ends all connections and threads. */
void http_stop(struct MHD_Daemon *daemon);

/* The value of a cookie, or NULL. Lives as long as the request. */
const char *http_cookie(struct request *request, const char *name);

/* Answers with a text that outlives the server, such as a literal. */
enum MHD_Result http_reply_text(struct request *request, unsigned status, const char *text);

/* Answers with a body from malloc() and takes it over. NULL is answered with 500. */
enum MHD_Result http_reply_body(struct request *request, unsigned status, const char *type, char *body, size_t size);

/* Answers with 204 and a cookie; max_age 0 makes the browser forget it. */
enum MHD_Result http_reply_cookie(struct request *request, const char *name, const char *value, unsigned max_age);

#endif

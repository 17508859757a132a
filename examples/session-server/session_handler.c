/* SPDX-License-Identifier: Apache-2.0
 *
 * session_handler.c: a login checks the account, loads the user's data and opens a session that owns them; a logout closes
 * it. The browser keeps the session's token in a cookie.
 */
#include "session_handler.h"

#include "account.h"
#include "form.h"
#include "log.h"

#include <stdlib.h>

#define SESSION_COOKIE "session"

struct session *session_of_request(struct request *request)
{
	const char *token = http_cookie(request, SESSION_COOKIE);

	return token ? session_table_acquire(request->server->sessions, token) : NULL;
}

static enum MHD_Result reply_no_memory(struct request *request)
{
	log_error("%s: out of memory", request->path);
	return http_reply_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "try again later\n");
}

enum MHD_Result session_handle_login(struct request *request)
{
	struct server *server = request->server;
	struct form *form = form_parse(request->body, request->body_size);
	if (!form)
		return http_reply_text(request, MHD_HTTP_BAD_REQUEST, "this is not a login\n");

	const char *user = form_value(form, "user");
	const char *password = form_value(form, "password");
	if (!user || !password) {
		form_free(form);
		return http_reply_text(request, MHD_HTTP_BAD_REQUEST, "user and password are needed\n");
	}
	if (!account_check(user, password, server->password)) {
		counter_add(&server->counters.logins_refused, 1);
		log_info("login of \"%.*s\" refused", USER_NAME_MAX, user);
		return http_reply_text(request, MHD_HTTP_FORBIDDEN, "wrong user or password\n");
	}

	struct user_data *data = calloc(1, sizeof(*data));
	char token[SESSION_TOKEN_SIZE];
	bool opened = data && user_data_load(data, user) && session_table_open(server->sessions, data, token);
	form_free(form);
	if (!opened) {
		if (data)
			user_data_clear(data);
		free(data);
		return reply_no_memory(request);
	}

	counter_add(&server->counters.logins, 1);
	return http_reply_cookie(request, SESSION_COOKIE, token, server->session_seconds);
}

enum MHD_Result session_handle_logout(struct request *request)
{
	struct session *session = session_of_request(request);
	if (!session)
		return http_reply_text(request, MHD_HTTP_UNAUTHORIZED, "not logged in\n");

	session_table_close(request->server->sessions, session);
	session_table_release(request->server->sessions, session);
	counter_add(&request->server->counters.logouts, 1);
	return http_reply_cookie(request, SESSION_COOKIE, "", 0);
}

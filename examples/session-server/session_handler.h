/* SPDX-License-Identifier: Apache-2.0
 *
 * session_handler.h: logging in and out, and the way for other handlers to the session of a request.
 */
#ifndef SESSION_HANDLER_H
#define SESSION_HANDLER_H

#include "http.h"

http_handler session_handle_login;
http_handler session_handle_logout;

/* The session that the request's cookie names, held for this request; NULL when there is none (any more). Release it with
 * session_table_release(). */
struct session *session_of_request(struct request *request);

#endif

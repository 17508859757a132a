/* SPDX-License-Identifier: Apache-2.0
 *
 * data_handler.c: GET and POST /data.
 */
#include "data_handler.h"

#include "form.h"
#include "session_handler.h"

#include <stdio.h>
#include <stdlib.h>

#define QUANTITY_MAX 1000

static void print_data(FILE *out, const struct user_data *data)
{
	const struct preferences *preferences = data->preferences;

	fprintf(out, "user %s\n", data->user);
	fprintf(out, "display-name %s\n", data->display_name);
	fprintf(out, "email %s\n", data->email);
	fprintf(out, "theme %s\n", preferences->theme);
	fprintf(out, "language %s\n", preferences->language);
	fprintf(out, "timezone %s\n", preferences->timezone);
	fprintf(out, "items-a-page %u\n", preferences->items_a_page);
	fprintf(out, "newsletter %s\n", preferences->newsletter ? "yes" : "no");
	for (size_t i = 0; i < data->cart_count; i++)
		fprintf(out, "cart %u %s\n", data->cart[i].quantity, data->cart[i].name);
}

static enum MHD_Result reply_data(struct request *request, const struct user_data *data)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		print_data(out, data);
		fclose(out);
	}
	return http_reply_body(request, MHD_HTTP_OK, "text/plain; charset=utf-8", text, size);
}

/* 0 for what is not a sensible quantity. */
static unsigned parse_quantity(const char *text)
{
	if (!text)
		return 1;

	char *end;
	unsigned long quantity = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && quantity <= QUANTITY_MAX ? (unsigned)quantity : 0;
}

static bool apply(struct user_data *data, const struct form *form)
{
	const char *theme = form_value(form, "theme");
	const char *item = form_value(form, "item");
	unsigned quantity = parse_quantity(form_value(form, "quantity"));

	if (!theme && !item)
		return false;
	if (theme && !user_data_set_theme(data, theme))
		return false;
	if (item && (!*item || !quantity || !user_data_add_to_cart(data, item, quantity)))
		return false;
	return true;
}

enum MHD_Result data_handle_get(struct request *request)
{
	struct session *session = session_of_request(request);
	if (!session)
		return http_reply_text(request, MHD_HTTP_UNAUTHORIZED, "not logged in\n");

	user_data_remember_visit(session->data, request->path);
	enum MHD_Result result = reply_data(request, session->data);
	session_table_release(request->server->sessions, session);
	return result;
}

enum MHD_Result data_handle_post(struct request *request)
{
	struct session *session = session_of_request(request);
	if (!session)
		return http_reply_text(request, MHD_HTTP_UNAUTHORIZED, "not logged in\n");

	struct form *form = form_parse(request->body, request->body_size);
	bool applied = form && apply(session->data, form);
	form_free(form);

	enum MHD_Result result = applied ? reply_data(request, session->data)
					 : http_reply_text(request, MHD_HTTP_BAD_REQUEST, "nothing was changed\n");
	session_table_release(request->server->sessions, session);
	return result;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * dashboard.c: renders a user's data as HTML.
 */
#include "dashboard.h"

#include "session_handler.h"

#include <stdio.h>
#include <time.h>

/* What users typed must not become markup. */
static void print_escaped(FILE *page, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", page);
			break;
		case '<':
			fputs("&lt;", page);
			break;
		case '>':
			fputs("&gt;", page);
			break;
		case '"':
			fputs("&quot;", page);
			break;
		default:
			fputc(*text, page);
		}
	}
}

static void print_cart(FILE *page, const struct user_data *data)
{
	fputs("<h2>Your cart</h2>\n<ul>\n", page);
	for (size_t i = 0; i < data->cart_count; i++) {
		fprintf(page, "<li>%u &times; ", data->cart[i].quantity);
		print_escaped(page, data->cart[i].name);
		fputs("</li>\n", page);
	}
	fputs("</ul>\n", page);
}

static void print_history(FILE *page, const struct user_data *data)
{
	size_t first = data->visits > HISTORY_LENGTH ? data->visits - HISTORY_LENGTH : 0;

	fputs("<h2>Seen recently</h2>\n<ul>\n", page);
	for (size_t i = data->visits; i > first; i--) {
		const struct visit *visit = &data->history[(i - 1) % HISTORY_LENGTH];
		struct tm utc;
		char when[32];

		gmtime_r(&visit->when, &utc);
		strftime(when, sizeof(when), "%H:%M:%S", &utc);
		fprintf(page, "<li>%s ", when);
		print_escaped(page, visit->path);
		fputs("</li>\n", page);
	}
	fputs("</ul>\n", page);
}

static void print_page(FILE *page, const struct user_data *data)
{
	fputs("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Dashboard</title></head>\n", page);
	fprintf(page, "<body class=\"%s\">\n%s\n<h1>Hello, ", data->preferences->theme, data->avatar);
	print_escaped(page, data->display_name);
	fputs("</h1>\n", page);
	print_cart(page, data);
	print_history(page, data);
	fputs("</body></html>\n", page);
}

enum MHD_Result dashboard_handle(struct request *request)
{
	struct session *session = session_of_request(request);
	if (!session)
		return http_reply_text(request, MHD_HTTP_UNAUTHORIZED, "not logged in\n");

	char *html = NULL;
	size_t size = 0;
	FILE *page = open_memstream(&html, &size);

	user_data_remember_visit(session->data, request->path);
	if (page) {
		print_page(page, session->data);
		fclose(page);
	}
	session_table_release(request->server->sessions, session);
	return http_reply_body(request, MHD_HTTP_OK, "text/html; charset=utf-8", html, size);
}

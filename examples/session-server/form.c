/* SPDX-License-Identifier: Apache-2.0
 *
 * form.c: splits a copy of the body at '&' and '=' and decodes names and values in place; decoding only ever shortens.
 */
#include "form.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 16

struct field {
	const char *name;
	const char *value;
};

struct form {
	char *text; /* the decoded copy that all fields point into */
	size_t count;
	struct field fields[FIELDS_MAX];
};

static const char *decode(char *text)
{
	for (char *c = text; *c; c++) {
		if (*c == '+')
			*c = ' ';
	}
	MHD_http_unescape(text);
	return text;
}

struct form *form_parse(const char *body, size_t size)
{
	struct form *form = calloc(1, sizeof(*form));
	if (!form)
		return NULL;

	form->text = malloc(size + 1);
	if (!form->text)
		goto failed;
	if (size)
		memcpy(form->text, body, size);
	form->text[size] = '\0';

	char *rest = form->text;
	for (char *pair; (pair = strsep(&rest, "&"));) {
		if (!*pair)
			continue;
		if (form->count == FIELDS_MAX)
			goto failed;

		char *value = strchr(pair, '=');
		if (value)
			*value++ = '\0';
		form->fields[form->count++] = (struct field){
			.name = decode(pair),
			.value = value ? decode(value) : "",
		};
	}
	return form;

failed:
	form_free(form);
	return NULL;
}

void form_free(struct form *form)
{
	if (!form)
		return;
	free(form->text);
	free(form);
}

const char *form_value(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++) {
		if (!strcmp(form->fields[i].name, name))
			return form->fields[i].value;
	}
	return NULL;
}

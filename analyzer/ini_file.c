/* SPDX-License-Identifier: Apache-2.0
 *
 * ini_file.c: the lines that inih gets, and the sentences about those that it, or the caller, does not take.
 */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini_file.h"

#define SECTION_BYTES_MAX 49 /* what inih keeps of a section's name */

struct reading {
	const char *path;
	FILE *file;
	char *line; /* getline's */
	size_t capacity;
	int number; /* of the line */
	seep_ini_handler handler;
	void *context;
	bool failed;
	struct seep_error *error;
};

static int __attribute__((format(printf, 2, 3))) fail(struct reading *r, const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!r->failed)
		seep_error_set(r->error, "%s:%d: %s", r->path, r->number, text);
	r->failed = true;
	return -1;
}

/* inih itself says nothing when a section begins, and a section without a key can matter. */
static int begin_section(struct reading *r, const char *line)
{
	char name[SECTION_BYTES_MAX + 1];
	struct seep_error why;
	size_t length = strcspn(line + 1, "]\n");

	if (line[1 + length] != ']' || !length)
		return fail(r, "expected a section's name between '[' and ']'");
	if (length > SECTION_BYTES_MAX)
		return fail(r, "expected a section's name of at most %d bytes", SECTION_BYTES_MAX);
	memcpy(name, line + 1, length);
	name[length] = '\0';
	return r->handler(r->context, name, NULL, NULL, &why) < 0 ? fail(r, "%s", why.text) : 0;
}

/* Without what the line is indented by, as inih takes an indented line for more of the value above. */
static char *read_line(char *to, int size, void *stream)
{
	struct reading *r = stream;
	ssize_t bytes = r->failed ? -1 : getline(&r->line, &r->capacity, r->file);
	const char *line = r->line;

	if (bytes < 0)
		return NULL;
	r->number++;
	if (strlen(line) != (size_t)bytes)
		fail(r, "expected text, found a NUL byte");
	line += strspn(line, " \t");
	if (strlen(line) >= (size_t)size)
		fail(r, "expected a line of at most %d bytes", size - 2);
	else if (*line == '[')
		begin_section(r, line);
	return r->failed ? NULL : memcpy(to, line, strlen(line) + 1);
}

/* inih's handler: 0 means that the line is wrong. */
static int take_value(void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;
	struct seep_error why;

	if (r->handler(r->context, section, key, value, &why) == 0)
		return 1;
	fail(r, "%s", why.text);
	return 0;
}

int seep_ini_read(const char *path, seep_ini_handler handler, void *context, struct seep_error *error)
{
	struct reading r = {
		.path = path, .handler = handler, .context = context, .error = error, .file = fopen(path, "re")};
	int wrong;

	if (!r.file)
		return seep_error_set(error, "%s can't be read: %s", path, strerror(errno));
	wrong = ini_parse_stream(read_line, &r, take_value, &r);
	if (!r.failed && ferror(r.file)) {
		seep_error_set(error, "%s can't be read: %s", path, strerror(errno));
		r.failed = true;
	}
	/* inih goes on after a line that it can't read itself, and gives the number of the first one. */
	if (wrong > 0 && (!r.failed || wrong < r.number)) {
		r.number = wrong;
		r.failed = false;
		fail(&r, "expected \"[section]\" or \"key = value\"");
	}
	free(r.line);
	fclose(r.file);
	return r.failed ? -1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * components.c: the rules file, read by inih, and what a stack is without rules.
 */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "components.h"
#include "error.h"
#include "globs.h"
#include "memory.h"
#include "names.h"
#include "symbols.h"
#include "wrappers.h"

#define NAME_MAX_BYTES 49 /* what inih keeps of a section's name */
#define DIRECTORIES 2 /* of a path that name a component without rules */

enum subject { SUBJECT_FUNCTION, SUBJECT_FILE, SUBJECT_MODULE };

struct rule {
	const char *component;
	enum subject subject;
	const char *glob;
};

struct seep_components {
	const struct seep_wrappers *wrappers;
	struct seep_names *names;
	struct rule *rules; /* in the order of the file */
	size_t count, capacity;
};

/* One reading of a file. */
struct reading {
	struct seep_components *components;
	FILE *file;
	const char *path;
	char *line; /* getline's */
	size_t capacity;
	int number; /* of the line */
	bool failed; /* *e says why */
	struct seep_error *e;
};

static void fail(struct reading *r, const char *expected)
{
	if (!r->failed)
		seep_error_set(r->e, "%s:%d: expected %s", r->path, r->number, expected);
	r->failed = true;
}

/* Gives inih a line without what it is indented by, as inih takes an indented line for more of the value above. It would also
 * cut long lines and names without a word. */
static char *line_read(char *to, int size, void *stream)
{
	struct reading *r = stream;
	ssize_t bytes = r->failed ? -1 : getline(&r->line, &r->capacity, r->file);
	const char *line = r->line;

	if (bytes < 0)
		return NULL;
	r->number++;
	if (strlen(line) != (size_t)bytes)
		fail(r, "text, found a NUL byte");
	line += strspn(line, " \t");
	if (strlen(line) >= (size_t)size)
		fail(r, "a line of at most 198 bytes");
	else if (*line == '[' && strcspn(line, "]\n") > NAME_MAX_BYTES + 1)
		fail(r, "a component's name of at most 49 bytes");
	else if (!strncmp(line, "[]", 2))
		fail(r, "a component's name between '[' and ']'");
	return r->failed ? NULL : strcpy(to, line);
}

static int rule_add(struct reading *r, const char *component, enum subject subject, const char *glob)
{
	struct seep_components *c = r->components;
	struct rule rule = {seep_names_keep(c->names, component), subject, seep_names_keep(c->names, glob)};

	if (!rule.component || !rule.glob ||
		seep_array_reserve(&c->rules, &c->capacity, c->count + 1, sizeof(*c->rules))) {
		fail(r, "more memory");
		return 0;
	}
	c->rules[c->count++] = rule;
	return 1;
}

/* inih's handler: 0 means that the line is wrong. */
static int line_handle(void *user, const char *section, const char *name, const char *value)
{
	static const char *const subjects[] = {"function", "file", "module"};
	struct reading *r = user;

	for (enum subject s = SUBJECT_FUNCTION; s <= SUBJECT_MODULE; s++) {
		if (strcmp(name, subjects[s]))
			continue;
		if (!*section)
			fail(r, "a [component] in front of the first rule");
		else if (!*value)
			fail(r, "a glob behind '=', as in \"file = session/*.c\"");
		else
			return rule_add(r, section, s, value);
		return 0;
	}
	fail(r, "\"function\", \"file\" or \"module\" in front of '='");
	return 0;
}

static int rules_read(struct seep_components *c, const char *path, struct seep_error *e)
{
	struct reading r = {.components = c, .path = path, .e = e, .file = fopen(path, "re")};
	int wrong;

	if (!r.file)
		return seep_error_set(e, "%s: the component rules can't be read: %s", path, strerror(errno));
	wrong = ini_parse_stream(line_read, &r, line_handle, &r);
	if (!r.failed && ferror(r.file)) {
		seep_error_set(e, "%s: the component rules can't be read: %s", path, strerror(errno));
		r.failed = true;
	}
	/* inih goes on after a line that it can't read itself, and gives the number of the first one */
	if (wrong && (!r.failed || wrong < r.number)) {
		r.number = wrong;
		r.failed = false;
		fail(&r, "\"[component]\" or \"function = GLOB\", \"file = GLOB\", \"module = GLOB\"");
	}
	free(r.line);
	fclose(r.file);
	return r.failed ? -1 : 0;
}

int seep_components_open(struct seep_components **components, const char *file, const struct seep_wrappers *wrappers,
	struct seep_error *e)
{
	struct seep_components *c = calloc(1, sizeof(*c));

	if (!c || !(c->names = seep_names_create())) {
		free(c);
		return seep_error_set(e, "memory ran out while the component rules were prepared");
	}
	c->wrappers = wrappers;
	if (!file && !access(SEEP_COMPONENTS_FILE, F_OK))
		file = SEEP_COMPONENTS_FILE;
	if (file && rules_read(c, file, e)) {
		seep_components_close(c);
		return -1;
	}
	*components = c;
	return 0;
}

static bool rule_match(const struct rule *rule, const struct seep_frame *frame)
{
	switch (rule->subject) {
	case SUBJECT_FUNCTION:
		return frame->named && seep_glob_match_function(rule->glob, frame->function);
	case SUBJECT_FILE:
		return frame->file && seep_glob_match_path(rule->glob, frame->file);
	default:
		return seep_glob_match(rule->glob, frame->module);
	}
}

const char *seep_components_of(const struct seep_components *c, const struct seep_frame *frames, size_t count)
{
	for (size_t i = 0; i < count && c->count; i++)
		for (size_t r = 0; r < c->count; r++)
			if (rule_match(&c->rules[r], &frames[i]))
				return c->rules[r].component;
	return seep_components_default(c, frames, count);
}

/* The last directories of a path: "/build/app/src/session/table.c" -> "src/session". Empty if it has none. */
static size_t directory_of(const char *path, const char **directory)
{
	const char *end = strrchr(path, '/'), *start = end;

	if (!end)
		return 0;
	for (int i = 0; i < DIRECTORIES && start > path; i++)
		do
			start--;
		while (start > path && *start != '/');
	if (*start == '/')
		start++;
	*directory = start;
	return start < end ? (size_t)(end - start) : 0;
}

const char *seep_components_default(const struct seep_components *c, const struct seep_frame *frames, size_t count)
{
	const struct seep_frame *frame;
	const char *directory, *kept;
	size_t bytes;
	char *text;

	if (!count)
		return "unknown";
	frame = &frames[seep_wrappers_skip(c->wrappers, frames, count)];
	bytes = frame->file ? directory_of(frame->file, &directory) : 0;
	if (!bytes)
		return *frame->module ? frame->module : "unknown";
	text = strndup(directory, bytes);
	kept = text ? seep_names_keep(c->names, text) : NULL;
	free(text);
	return kept ? kept : frame->module;
}

void seep_components_close(struct seep_components *c)
{
	if (!c)
		return;
	seep_names_destroy(c->names);
	free(c->rules);
	free(c);
}

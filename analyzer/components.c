/* SPDX-License-Identifier: Apache-2.0
 *
 * components.c: the rules file, and what a stack is without rules.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "components.h"
#include "error.h"
#include "globs.h"
#include "ini_file.h"
#include "memory.h"
#include "names.h"
#include "symbols.h"
#include "wrappers.h"

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

static int rule_add(
	struct seep_components *c, const char *component, enum subject subject, const char *glob, struct seep_error *e)
{
	struct rule rule = {seep_names_keep(c->names, component), subject, seep_names_keep(c->names, glob)};

	if (!rule.component || !rule.glob ||
		seep_array_reserve(&c->rules, &c->capacity, c->count + 1, sizeof(*c->rules)))
		return seep_error_set(e, "memory ran out");
	c->rules[c->count++] = rule;
	return 0;
}

/* One line of the file, for seep_ini_read. */
static int line_take(void *context, const char *section, const char *key, const char *value, struct seep_error *e)
{
	static const char *const subjects[] = {"function", "file", "module"};

	if (!key)
		return 0;
	for (enum subject s = SUBJECT_FUNCTION; s <= SUBJECT_MODULE; s++) {
		if (strcmp(key, subjects[s]))
			continue;
		if (!*section)
			return seep_error_set(e, "expected a [component] in front of the first rule");
		if (!*value)
			return seep_error_set(e, "expected a glob behind '=', as in \"file = session/*.c\"");
		return rule_add(context, section, s, value, e);
	}
	return seep_error_set(e, "expected \"function\", \"file\" or \"module\" in front of '=', not \"%s\"", key);
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
	if (file && seep_ini_read(file, line_take, c, e)) {
		seep_components_close(c);
		return -1;
	}
	*components = c;
	return 0;
}

/* `place_counts`: where the frame is, and not only its function, may claim it. */
static bool rule_match(const struct rule *rule, const struct seep_frame *frame, bool place_counts)
{
	switch (rule->subject) {
	case SUBJECT_FUNCTION:
		return frame->named && seep_glob_match_function(rule->glob, frame->function);
	case SUBJECT_FILE:
		return place_counts && frame->file && seep_glob_match_path(rule->glob, frame->file);
	default:
		return place_counts && seep_glob_match(rule->glob, frame->module);
	}
}

static const char *claimed_by(
	const struct seep_components *c, const struct seep_frame *frames, size_t count, bool wrappers_too)
{
	for (size_t i = 0; i < count; i++) {
		bool place_counts = wrappers_too || !seep_wrappers_match(c->wrappers, &frames[i]);

		for (size_t r = 0; r < c->count; r++)
			if (rule_match(&c->rules[r], &frames[i], place_counts))
				return c->rules[r].component;
	}
	return NULL;
}

const char *seep_components_of(const struct seep_components *c, const struct seep_frame *frames, size_t count)
{
	const char *component = c->count ? claimed_by(c, frames, count, false) : NULL;

	if (!component && c->count)
		component = claimed_by(c, frames, count, true);
	return component ? component : seep_components_default(c, frames, count);
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

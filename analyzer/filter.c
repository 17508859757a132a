/* SPDX-License-Identifier: Apache-2.0
 *
 * filter.c: globs against stacks. What a glob says of a place is remembered, so each is tried once for each place of
 * the program and not for each stack.
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "globs.h"
#include "memory.h"

enum kind { KIND_FUNCTION, KIND_FILE, KIND_MODULE, KIND_COMPONENT, KIND_TAG, KINDS };
static const char *const kind_names[KINDS] = {"function", "file", "module", "component", "tag"};

enum { NOT_TRIED, MATCHES, DIFFERS };

struct rule {
	enum kind kind;
	const char *glob;
	uint8_t *verdicts; /* by place */
	size_t verdict_capacity, verdict_count;
};

struct seep_filter {
	size_t count;
	bool named[KINDS];
	struct rule rules[];
};

static int parse(struct rule *rule, const char *text, struct seep_error *error)
{
	for (int kind = 0; kind < KINDS; kind++) {
		size_t length = strlen(kind_names[kind]);

		if (!strncmp(text, kind_names[kind], length) && text[length] == ':' && text[length + 1]) {
			rule->kind = (enum kind)kind;
			rule->glob = text + length + 1;
			return 0;
		}
	}
	return seep_error_set(error,
		"'%s' is no filter: expected function:GLOB, file:GLOB, module:GLOB, component:GLOB or tag:GLOB", text);
}

int seep_filter_open(struct seep_filter **filter, const char *const *texts, size_t count, struct seep_error *error)
{
	struct seep_filter *f = calloc(1, sizeof(*f) + count * sizeof(f->rules[0]));

	*filter = NULL;
	if (!f)
		return seep_error_set(error, "out of memory for %zu filters", count);
	f->count = count;
	for (size_t i = 0; i < count; i++) {
		if (parse(&f->rules[i], texts[i], error) < 0) {
			seep_filter_close(f);
			return -1;
		}
		f->named[f->rules[i].kind] = true;
	}
	*filter = f;
	return 0;
}

static bool frame_matches(const struct rule *rule, const struct seep_frame *frame)
{
	switch (rule->kind) {
	case KIND_FUNCTION:
		return seep_glob_match_function(rule->glob, frame->function);
	case KIND_FILE:
		return frame->file && seep_glob_match_path(rule->glob, frame->file);
	default:
		return seep_glob_match(rule->glob, frame->module);
	}
}

static int place_matches(struct rule *rule, const struct seep_paths *paths, uint32_t place)
{
	const struct seep_frame *frames;
	size_t count, known = rule->verdict_count, all = seep_paths_places(paths);

	if (place >= known) {
		if (seep_array_reserve(&rule->verdicts, &rule->verdict_capacity, all, 1) < 0)
			return -1;
		memset(rule->verdicts + known, NOT_TRIED, all - known);
		rule->verdict_count = all;
	}
	if (rule->verdicts[place] == NOT_TRIED) {
		frames = seep_paths_place(paths, place, &count);
		rule->verdicts[place] = DIFFERS;
		for (size_t i = 0; i < count; i++)
			if (frame_matches(rule, &frames[i]))
				rule->verdicts[place] = MATCHES;
	}
	return rule->verdicts[place] == MATCHES;
}

static int stack_matches(struct rule *rule, struct seep_paths *paths, uint32_t path)
{
	const uint32_t *places;
	size_t depth = seep_paths_walk(paths, path, &places);

	for (size_t i = 0; i < depth; i++) {
		int matches = place_matches(rule, paths, places[i]);

		if (matches)
			return matches;
	}
	return 0;
}

static int component_matches(
	const struct rule *rule, struct seep_paths *paths, uint32_t path, const struct seep_components *components)
{
	const struct seep_frame *frames;
	int64_t count = seep_paths_frames(paths, path, &frames);

	if (count < 0)
		return -1;
	return seep_glob_match(rule->glob, seep_components_of(components, frames, (size_t)count));
}

int seep_filter_match(struct seep_filter *f, struct seep_paths *paths, uint32_t path, const char *tag,
	const struct seep_components *components)
{
	bool matched[KINDS] = {false};

	for (size_t i = 0; i < f->count; i++) {
		struct rule *rule = &f->rules[i];
		int matches;

		if (matched[rule->kind])
			continue;
		if (rule->kind == KIND_TAG)
			matches = tag && seep_glob_match(rule->glob, tag);
		else if (rule->kind == KIND_COMPONENT)
			matches = component_matches(rule, paths, path, components);
		else
			matches = stack_matches(rule, paths, path);
		if (matches < 0)
			return -1;
		matched[rule->kind] = matches;
	}
	for (int kind = 0; kind < KINDS; kind++)
		if (f->named[kind] && !matched[kind])
			return 0;
	return 1;
}

void seep_filter_close(struct seep_filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		free(f->rules[i].verdicts);
	free(f);
}

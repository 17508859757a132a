/* SPDX-License-Identifier: Apache-2.0
 *
 * wrappers.c: patterns of allocation wrappers, sorted into buckets by their first byte so that a frame meets few of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "error.h"
#include "globs.h"
#include "memory.h"
#include "symbols.h"
#include "wrappers.h"
#include "wrappers_known.h"

struct pattern {
	const char *function;
	const char *module; /* NULL: any */
	const char *file; /* NULL: any */
	size_t literal; /* bytes of function before its first special one */
	bool exact; /* it has none */
	bool whole; /* module or file, whatever the function */
};

/* 256 for patterns that begin with that byte, and one for those that begin with a special one. */
enum { BUCKETS = 257, BUCKET_ANY = 256 };

struct bucket {
	struct pattern *patterns;
	size_t count, capacity;
};

struct seep_wrappers {
	struct bucket buckets[BUCKETS];
	struct seep_arena texts;
};

/* How far a frame is from what a leak is about. */
enum kind {
	KIND_OTHER, /* no wrapper */
	KIND_LIBRARY, /* within a library that allocates for its caller */
	KIND_ALLOCATOR, /* an allocation function */
};

/* `place`: the glob behind '@', or NULL. Names of modules have no '/' in them, paths nearly always do. */
static int pattern_add(struct seep_wrappers *w, const char *function, const char *place)
{
	struct pattern p = {.function = function, .literal = strcspn(function, "*?[\\")};
	struct bucket *b = &w->buckets[p.literal ? (unsigned char)*function : BUCKET_ANY];

	if (place && strchr(place, '/'))
		p.file = place;
	else
		p.module = place;
	p.exact = !function[p.literal];
	p.whole = !strcmp(function, "*");
	if (seep_array_reserve(&b->patterns, &b->capacity, b->count + 1, sizeof(*b->patterns)))
		return -1;
	b->patterns[b->count++] = p;
	return 0;
}

static bool blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Cuts a comment and the blanks around the rest. */
static char *trim(char *line)
{
	char *end = line;

	for (char *c = line; *c; c++) {
		if (*c == '#' && (c == line || blank(c[-1])))
			*c-- = '\0';
		else if (!blank(*c))
			end = c + 1;
		if (!c[1])
			break;
	}
	*end = '\0';
	while (blank(*line))
		line++;
	return line;
}

/* Takes a pattern apart. Returns 0, also for an empty line, or -1 with *why set to what was expected (or NULL: memory ran out). */
static int line_add(struct seep_wrappers *w, const char *text, const char **why)
{
	char *line = seep_arena_text(&w->texts, text, strlen(text)), *place;

	*why = NULL;
	if (!line)
		return -1;
	line = trim(line);
	if (!*line)
		return 0;
	place = strchr(line, '@');
	if (place) {
		*place++ = '\0';
		place = trim(place);
		line = trim(line);
	}
	if (!*line)
		*why = "a function in front of '@', as in \"pool_* @libpool.so*\"";
	else if (place && !*place)
		*why = "a module or source file after '@', as in \"pool_* @libpool.so*\"";
	else if (place && strchr(place, '@'))
		*why = "one '@' at most";
	else if (!place && strspn(line, "*") == strlen(line))
		*why = "a function, as \"*\" would make every frame a wrapper; \"* @libpool.so*\" means all of a "
		       "module";
	if (*why)
		return -1;
	return pattern_add(w, line, place);
}

static int file_add(struct seep_wrappers *w, const char *path, struct seep_error *e)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0, number = 0;
	const char *why;
	ssize_t bytes;
	int status = 0;

	if (!file)
		return seep_error_set(e, "%s: the list of wrappers can't be read: %s", path, strerror(errno));
	while (!status && (bytes = getline(&line, &capacity, file)) >= 0) {
		number++;
		if (strlen(line) != (size_t)bytes)
			status = seep_error_set(e, "%s:%zu: expected text, found a NUL byte", path, number);
		else if (line_add(w, line, &why))
			status = why ? seep_error_set(e, "%s:%zu: expected %s", path, number, why)
				     : seep_error_set(e, "%s:%zu: memory ran out", path, number);
	}
	if (!status && ferror(file))
		status = seep_error_set(e, "%s: the list of wrappers can't be read: %s", path, strerror(errno));
	free(line);
	fclose(file);
	return status;
}

int seep_wrappers_open(struct seep_wrappers **wrappers, const char *file, struct seep_error *e)
{
	struct seep_wrappers *w = calloc(1, sizeof(*w));
	const char *why;
	int status = 0;

	if (!w)
		return seep_error_set(e, "memory ran out while the list of wrappers was prepared");
	for (const char *const *line = seep_wrappers_known; *line && !status; line++)
		if (line_add(w, *line, &why))
			status = seep_error_set(
				e, "built-in wrapper \"%s\": expected %s", *line, why ? why : "more memory");
	if (!status && file)
		status = file_add(w, file, e);
	if (status) {
		seep_wrappers_close(w);
		return -1;
	}
	*wrappers = w;
	return 0;
}

/* `base` is the length of the function's name without its parameter list. */
static bool pattern_match(const struct pattern *p, const struct seep_frame *frame, size_t base)
{
	if (p->exact) {
		if (strncmp(frame->function, p->function, p->literal) ||
			(p->literal != base && frame->function[p->literal]))
			return false;
	} else if (!p->whole && (strncmp(frame->function, p->function, p->literal) ||
					!seep_glob_match_function(p->function, frame->function))) {
		return false;
	}
	if (p->file)
		return frame->file && seep_glob_match_path(p->file, frame->file);
	return !p->module || seep_glob_match(p->module, frame->module);
}

static enum kind kind_of(const struct seep_wrappers *w, const struct seep_frame *frame)
{
	const struct bucket *buckets[2] = {&w->buckets[(unsigned char)*frame->function], &w->buckets[BUCKET_ANY]};
	size_t base = seep_demangle_base(frame->function);
	enum kind kind = KIND_OTHER;

	for (size_t b = 0; b < 2; b++)
		for (size_t i = 0; i < buckets[b]->count; i++) {
			const struct pattern *p = &buckets[b]->patterns[i];

			if ((!p->whole && !frame->named) || !pattern_match(p, frame, base))
				continue;
			if (!p->whole)
				return KIND_ALLOCATOR;
			kind = KIND_LIBRARY;
		}
	return kind;
}

bool seep_wrappers_match(const struct seep_wrappers *w, const struct seep_frame *frame)
{
	return kind_of(w, frame) != KIND_OTHER;
}

/* A frame of a library that allocated for itself: the first one, or the first of that library that has a name. */
static size_t named_from(const struct seep_frame *frames, size_t count, size_t first)
{
	for (size_t i = first; i < count && !strcmp(frames[i].module, frames[first].module); i++)
		if (frames[i].named)
			return i;
	return first;
}

/* In a stripped program the inner functions of an allocator have no names; but what an allocation function calls is one. The
 * index of the allocation function that the unnamed frame works for, or of the frame itself. Templates of C++ and Rust
 * libraries call their users' functions as well, and so say nothing. */
static size_t works_for(const struct seep_wrappers *w, const struct seep_frame *frames, size_t count, size_t unnamed)
{
	size_t i = unnamed;

	while (i < count && !frames[i].named && !strcmp(frames[i].module, frames[unnamed].module))
		i++;
	if (i < count && !strcmp(frames[i].module, frames[unnamed].module) && !strstr(frames[i].function, "::") &&
		kind_of(w, &frames[i]) == KIND_ALLOCATOR)
		return i;
	return unnamed;
}

size_t seep_wrappers_skip(const struct seep_wrappers *w, const struct seep_frame *frames, size_t count)
{
	size_t library = count;

	for (size_t i = 0; i < count; i++) {
		enum kind kind = kind_of(w, &frames[i]);
		size_t outer = kind == KIND_OTHER && !frames[i].named ? works_for(w, frames, count, i) : i;

		if (kind == KIND_OTHER && outer == i)
			return i;
		i = outer;
		if (kind == KIND_LIBRARY && library == count)
			library = i;
	}
	if (library < count)
		return named_from(frames, count, library);
	for (size_t i = count; i-- > 0;)
		if (frames[i].named)
			return i;
	return 0;
}

void seep_wrappers_close(struct seep_wrappers *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		free(w->buckets[i].patterns);
	seep_arena_clear(&w->texts);
	free(w);
}

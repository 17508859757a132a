/* SPDX-License-Identifier: Apache-2.0
 *
 * suggestions.c: sites gathered by source directory or module, and written as INI sections that components.c reads.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "globs.h"
#include "map.h"
#include "memory.h"
#include "names.h"
#include "report.h"
#include "suggestions.h"
#include "units.h"

#define GROUPS_SHOWN 40 /* more is not a first file, but a list to work through */
#define SECTION_BYTES_MAX 49 /* what the rules file takes */

struct group {
	const char *directory; /* without a '/' at its end; NULL: a module */
	const char *module;
	const char *glob;
	const char *title;
	struct seep_trace_count held;
	size_t sites;
	const struct seep_row *largest;
};

struct suggestions {
	struct seep_names *names;
	struct seep_map numbers; /* kept glob -> position in groups */
	struct group *groups;
	size_t count, capacity;
	bool allocated; /* nothing is unfreed: what was allocated counts */
};

/* The last `parts` parts of a path. */
static const char *path_end(const char *path, int parts)
{
	const char *start = path + strlen(path);

	while (start > path && (start[-1] != '/' || --parts > 0))
		start--;
	return start;
}

/* Keeps text, with '?' for what a glob or the rules file would read otherwise, and what follows it. */
static const char *keep_literal(struct seep_names *names, const char *text, const char *suffix)
{
	const char *kept = NULL;
	char *copy;

	if (asprintf(&copy, "%s%s", text, suffix) < 0)
		return NULL;
	for (size_t i = 0; i < strlen(text); i++)
		if (strchr("*?[]\\;#", copy[i]))
			copy[i] = '?';
	kept = seep_names_keep(names, copy);
	free(copy);
	return kept;
}

/* Names of folders that say nothing without the one they are in. */
static bool is_generic(const char *name)
{
	static const char *const generic[] = {"src", "source", "sources", "lib", "libs", "include", "inc", "core",
		"common", "main", "internal", "impl"};

	for (size_t i = 0; i < sizeof(generic) / sizeof(generic[0]); i++)
		if (!strcmp(name, generic[i]))
			return true;
	return false;
}

/* "app/session" of "/build/app/session": the same two parts that name the component without rules. */
static int describe_directory(struct suggestions *s, struct group *g, const char *file)
{
	char *folder = strndup(file, (size_t)(strrchr(file, '/') - file));
	const char *name;

	if (!folder)
		return -1;
	name = path_end(folder, 1);
	g->directory = seep_names_keep(s->names, folder);
	g->glob = keep_literal(s->names, path_end(folder, 2), "/*");
	g->title = keep_literal(s->names, is_generic(name) ? path_end(folder, 2) : name, "");
	free(folder);
	return g->directory && g->glob && g->title ? 0 : -1;
}

/* "libcurl.so*" of "libcurl.so.4.8.0": the rule is for the next version, too. */
static int describe_module(struct suggestions *s, struct group *g, const char *module)
{
	const char *ending = strstr(module, ".so");
	size_t bytes = ending ? (size_t)(ending - module) : strlen(module);
	char *name = strndup(module, bytes);

	if (!name)
		return -1;
	g->module = seep_names_keep(s->names, module);
	g->glob = keep_literal(s->names, name, ending ? ".so*" : "");
	g->title = keep_literal(s->names, name, "");
	free(name);
	return g->module && g->glob && g->title ? 0 : -1;
}

static int row_add(struct suggestions *s, const struct seep_row *row)
{
	const struct seep_trace_count *held = s->allocated ? &row->allocated : &row->unfreed;
	const char *slash = row->at.file ? strrchr(row->at.file, '/') : NULL;
	struct group g = {0};
	uint32_t *number;
	bool added;

	if (!held->count || (!slash && !*row->at.module))
		return 0;
	if (slash > row->at.file ? describe_directory(s, &g, row->at.file) : describe_module(s, &g, row->at.module))
		return -1;
	number = seep_map_at(&s->numbers, g.directory != NULL, (uintptr_t)g.glob, (uint32_t)s->count, &added);
	if (!number || seep_array_reserve(&s->groups, &s->capacity, s->count + 1, sizeof(*s->groups)))
		return -1;
	if (added) {
		g.largest = row; /* rows come by what they hold */
		s->groups[s->count++] = g;
	}
	s->groups[*number].held.bytes += held->bytes;
	s->groups[*number].held.count += held->count;
	s->groups[*number].sites += row->sites;
	return 0;
}

static int by_held(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	if (!a->directory != !b->directory) /* a module claims whatever of it no folder has */
		return a->directory ? -1 : 1;
	if (a->held.bytes != b->held.bytes)
		return a->held.bytes > b->held.bytes ? -1 : 1;
	return strcmp(a->glob, b->glob);
}

static bool is_within(const struct group *inner, const struct group *outer)
{
	char file[PATH_MAX + 2];

	if (!inner->directory || !outer->directory)
		return false;
	snprintf(file, sizeof(file), "%s/x", inner->directory);
	return seep_glob_match_path(outer->glob, file);
}

/* A folder's glob matches what is in the folders below it, so those have to come first. */
static void order(struct suggestions *s)
{
	if (s->count)
		qsort(s->groups, s->count, sizeof(*s->groups), by_held);
	if (s->count > GROUPS_SHOWN)
		s->count = GROUPS_SHOWN;
	for (size_t i = 1; i < s->count; i++)
		for (size_t to = 0; to < i; to++)
			if (is_within(&s->groups[i], &s->groups[to])) {
				struct group moved = s->groups[i];

				memmove(&s->groups[to + 1], &s->groups[to], (i - to) * sizeof(moved));
				s->groups[to] = moved;
				break;
			}
}

/* A section that has the title of another one would be joined with it. */
static void put_title(FILE *stream, const struct suggestions *s, size_t at)
{
	const char *title = s->groups[at].title;
	size_t same = 0;

	for (size_t i = 0; i < at; i++)
		same += !strcmp(s->groups[i].title, title);
	if (same)
		fprintf(stream, "[%.*s %zu]\n", SECTION_BYTES_MAX - 4, title, same + 1);
	else
		fprintf(stream, "[%.*s]\n", SECTION_BYTES_MAX, title);
}

static void put_group(FILE *stream, const struct suggestions *s, size_t at, uint64_t whole)
{
	const struct group *g = &s->groups[at];
	struct seep_unit bytes, blocks, share;
	const struct seep_frame *site = &g->largest->at;

	fprintf(stream, "\n; %s (%s) %s in %s block%s at %zu site%s; the largest is %s",
		seep_unit_bytes(&bytes, g->held.bytes), seep_unit_share(&share, g->held.bytes, whole),
		s->allocated ? "allocated" : "unfreed", seep_unit_count(&blocks, g->held.count),
		g->held.count == 1 ? "" : "s", g->sites, g->sites == 1 ? "" : "s", site->function);
	if (site->file && site->line)
		fprintf(stream, " (%s:%u)", path_end(site->file, 1), site->line);
	fputc('\n', stream);
	put_title(stream, s, at);
	fprintf(stream, "%s = %s\n", g->directory ? "file" : "module", g->glob);
}

static uint64_t held_whole(const struct seep_report *report, bool allocated)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < report->row_count; i++)
		bytes += allocated ? report->rows[i].allocated.bytes : report->rows[i].unfreed.bytes;
	return bytes;
}

static int gather(struct suggestions *s, const struct seep_report *report)
{
	s->names = seep_names_create();
	if (!s->names)
		return -1;
	for (size_t i = 0; i < report->row_count; i++)
		if (row_add(s, &report->rows[i]))
			return -1;
	order(s);
	return 0;
}

int seep_suggestions_write(FILE *stream, const struct seep_report *report)
{
	struct suggestions s = {.allocated = !held_whole(report, false)};
	uint64_t whole = held_whole(report, s.allocated);
	int status = gather(&s, report);

	if (!status) {
		fputs("; Which part of the program a block belongs to: the first section with a rule that one of its "
		      "frames matches,\n"
		      "; from the allocation outwards. Rename, join and split the sections as your team speaks of its "
		      "program, and\n"
		      "; save this as seep.components where seep is called, or name it with --components.\n"
		      ";   file = GLOB      the path of the source file, or any part of it that begins after a '/'\n"
		      ";   function = GLOB  the name with or without its parameter list\n"
		      ";   module = GLOB    the base name of the program or library\n",
			stream);
		for (size_t i = 0; i < s.count; i++)
			put_group(stream, &s, i, whole);
		if (!s.count)
			fputs("\n; The trace has no site in a known place.\n", stream);
	}
	free(s.groups);
	seep_map_clear(&s.numbers);
	seep_names_destroy(s.names);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * sources.h: source files as the reviewer's tools name them: by their path from the repository's root, wherever the build
 * was made. And the lines around a place. The gate's outputs ask. For one thread at a time.
 */
#ifndef SEEP_SOURCES_H
#define SEEP_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "options.h"

struct seep_sources;

/* `root` NULL: the nearest folder from the working directory upwards with a .git in it, else the working directory. `maps` are "FROM=TO", the first
 * that fits counts; TO counts from the root. */
int seep_sources_open(
	struct seep_sources **s, const char *root, const struct seep_list *maps, struct seep_error *error);

const char *seep_sources_root(const struct seep_sources *s); /* absolute, without a '/' at its end unless it is "/" */

/* A file of the debug information: "src/session.c" if it is below the root, else the path as it is. *below says which. Lives as
 * long as s; NULL when memory ran out. */
const char *seep_sources_name(struct seep_sources *s, const char *file, bool *below);

struct seep_source_line {
	unsigned number;
	const char *text; /* printable, without its end of line, tabs as eight columns; lives until the next call */
};

#define SEEP_SOURCE_LINES 5

/* The lines around `line` of a file named by seep_sources_name. Returns how many; 0 where the file can't be read or has no such line. */
size_t seep_sources_around(
	struct seep_sources *s, const char *name, unsigned line, struct seep_source_line lines[SEEP_SOURCE_LINES]);

void seep_sources_close(struct seep_sources *s);

#endif

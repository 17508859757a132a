/* SPDX-License-Identifier: Apache-2.0
 *
 * baseline.h: the leaks that a project knows of and has not repaired yet, in a JSON file that lies beside its sources: sorted,
 * a site a line, so that a diff can be read, and the same for the same leaks. gate.c compares with it. For one thread at a time.
 */
#ifndef SEEP_BASELINE_H
#define SEEP_BASELINE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "memory.h"
#include "model.h"

struct seep_baseline_site {
	uint64_t id;
	struct seep_trace_count unfreed; /* at most so much in any process */
	/* For people: where it is. Only the id counts. */
	const char *function;
	const char *file; /* NULL: unknown */
	const char *component;
	const char *callers; /* "handle < serve < main" */
};

struct seep_baseline {
	struct seep_baseline_site *sites; /* sorted by file, function, callers, id */
	size_t count, capacity;
	struct seep_arena arena;
};

/* Reads a file. Returns 0, or -1 with "FILE: what was expected"; a file that does not exist is an error too. */
int seep_baseline_read(struct seep_baseline **b, const char *path, struct seep_error *error);

/* NULL: out of memory. */
struct seep_baseline *seep_baseline_create(void);

/* Adds a copy. Returns 0, or -1 without memory. */
int seep_baseline_add(struct seep_baseline *b, const struct seep_baseline_site *site);

/* NULL: not in it. */
const struct seep_baseline_site *seep_baseline_find(const struct seep_baseline *b, uint64_t id);

/* Sorts and writes; the file is whole or as it was before. Returns 0 or -1. */
int seep_baseline_write(struct seep_baseline *b, const char *path, struct seep_error *error);

void seep_baseline_free(struct seep_baseline *b);

#endif

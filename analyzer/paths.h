/* SPDX-License-Identifier: Apache-2.0
 *
 * paths.h: the stack tree in terms of source code. Return addresses become places (the frames of one return address),
 * and stacks that read the same become one path, whichever instance of a library or call instruction they went through.
 * Resolved as far as asked for. For one thread at a time.
 */
#ifndef SEEP_PATHS_H
#define SEEP_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "model.h"
#include "symbols.h"

struct seep_paths;

/* How a stack ends on its outer side. */
enum seep_path_end {
	SEEP_PATH_WHOLE,
	SEEP_PATH_TRUNCATED, /* at the recording's depth limit */
	SEEP_PATH_LOST, /* the unwinder could not go on */
};

/* Trace and symbols have to outlive the paths. */
int seep_paths_open(struct seep_paths **paths, const struct seep_trace *trace, struct seep_symbols *symbols,
	struct seep_error *error);

/* The path of a stack; 0 is the empty one. Equal paths read the same. Frames of libseep.so are left out. */
int seep_paths_of(struct seep_paths *paths, uint32_t stack, uint32_t *path, struct seep_error *error);

/* The frames of a path, leaf first. The array lives until the next call, the strings as long as the symbols. Returns how many, or -1 without memory. */
int64_t seep_paths_frames(struct seep_paths *paths, uint32_t path, const struct seep_frame **frames);

/* The places of a path, leaf first, as numbers below seep_paths_places: what is worked out for a place can be kept by that number. */
size_t seep_paths_walk(struct seep_paths *paths, uint32_t path, const uint32_t **places);
size_t seep_paths_places(const struct seep_paths *paths);
const struct seep_frame *seep_paths_place(const struct seep_paths *paths, uint32_t place, size_t *count);

enum seep_path_end seep_paths_end(const struct seep_paths *paths, uint32_t path);

/* A number for a path that stays the same in another build on another machine: XXH64 over the frames' functions and modules from leaf to root, without
 * what a compiler or a version adds to them, without lines and addresses. `tag` may be NULL. */
uint64_t seep_paths_id(struct seep_paths *paths, uint32_t path, const char *tag);

void seep_paths_close(struct seep_paths *paths);

#endif

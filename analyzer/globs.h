/* SPDX-License-Identifier: Apache-2.0
 *
 * globs.h: the patterns of --filter, --wrappers and the components file. Any thread.
 *
 * `*` is any text, also none and also across '/', `?` one byte, `[a-z]` and `[!a-z]` one byte out of (not out of) a set,
 * `\` takes the next byte as it is. A `[` without its `]` stands for itself. Case matters. All of the text has to match.
 */
#ifndef SEEP_GLOBS_H
#define SEEP_GLOBS_H

#include <stdbool.h>

/* Takes time in proportion to pattern times text at worst. */
bool seep_glob_match(const char *pattern, const char *text);

/* True if the pattern matches the whole path or any part of it that begins after a '/': `session/[a-z]*.c` matches
 * "/build/x/session/table.c", but `table.*` does not match "/build/timetable.c". */
bool seep_glob_match_path(const char *pattern, const char *path);

/* True if the pattern matches a function's whole readable name or its name without the parameter list:
 * `session::drop` and `session::drop(*` both match "session::drop(int)". */
bool seep_glob_match_function(const char *pattern, const char *function);

#endif

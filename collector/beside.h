/* SPDX-License-Identifier: Apache-2.0
 *
 * beside.h: the names of the files beside a durable trace (include/seep/beside.h).
 */
#ifndef SEEP_COLLECTOR_BESIDE_H
#define SEEP_COLLECTOR_BESIDE_H

#include "seep/beside.h"

#include <limits.h>

#define SEEP_BESIDE_PATH (PATH_MAX + 32)

/* The name of such a file; trace may be without its folder. */
void seep_beside_name(const char *trace, enum seep_beside file, char path[SEEP_BESIDE_PATH]);

/* Whether in an open folder there is a file of any of the names that this trace would need. */
bool seep_beside_taken(int folder, const char *trace);

/* Whether a trace has books beside it, from which it can be finished. */
bool seep_beside_books(const char *trace);

/* Removes the files of a trace, and no others of their names. */
void seep_beside_clear(int folder, const char *trace, uint64_t trace_checksum);

#endif

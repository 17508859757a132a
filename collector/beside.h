/* SPDX-License-Identifier: Apache-2.0
 *
 * beside.h: makes, finds and removes the files beside a durable trace (include/seep/beside.h).
 */
#ifndef SEEP_COLLECTOR_BESIDE_H
#define SEEP_COLLECTOR_BESIDE_H

#include "seep/beside.h"

/* Makes such a file, which must not be there yet, with its head (seep_output_exclusive_with). Returns its descriptor, or -1 with errno. */
int seep_beside_create(const char *trace, enum seep_beside file, uint64_t trace_checksum, char path[SEEP_BESIDE_PATH]);

/* Whether in an open folder there is a file of any of the names that this trace would need, other than those of the trace with this
 * checksum (NULL: of none). */
bool seep_beside_taken(int folder, const char *trace, const uint64_t *trace_checksum);

/* Whether a trace has books beside it, from which it can be finished. */
bool seep_beside_books(const char *trace);

/* Removes the files of a trace, and no others of their names. */
void seep_beside_clear(int folder, const char *trace, uint64_t trace_checksum);

#endif

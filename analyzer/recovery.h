/* SPDX-License-Identifier: Apache-2.0
 *
 * recovery.h: finishes a trace whose collector was killed, from the files that it left beside it (seep run --durable). seep-collector
 * does that, in a process of its own: it is its books that have to go on.
 */
#ifndef SEEP_RECOVERY_H
#define SEEP_RECOVERY_H

#include <stdbool.h>

#include "error.h"

/* Whether there are such files. */
bool seep_recovery_possible(const char *trace);

/* Whether its collector had begun to make them: it may have been killed before the program could run. */
bool seep_recovery_begun(const char *trace);

/* Makes the whole trace in memory. Returns a descriptor of it, or -1. */
int seep_recovery_run(const char *trace, struct seep_error *error);

/* Removes those that are this trace's, and no others of their names. Returns 0 or -1. */
int seep_recovery_files_remove(const char *trace, struct seep_error *error);

#endif

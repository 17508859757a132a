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

/* Whether there are such files, and not others of their names, beside a trace that does not need them. */
bool seep_recovery_left_over(const char *trace);

/* Makes the whole trace in memory. Returns a descriptor of it, or -1. */
int seep_recovery_run(const char *trace, struct seep_error *error);

/* Removes these files. Returns 0 or -1. */
int seep_recovery_files_remove(const char *trace, struct seep_error *error);

#endif

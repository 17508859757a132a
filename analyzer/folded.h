/* SPDX-License-Identifier: Apache-2.0
 *
 * folded.h: a report as folded stacks, the input of flame graph tools: "root;caller;leaf bytes" lines.
 */
#ifndef SEEP_FOLDED_H
#define SEEP_FOLDED_H

#include <stdio.h>

#include "report.h"

/* One line for each row of a report by site, weighted with what it is sorted by. Write errors are left to the caller (ferror). Returns 0, or -1
 * without memory. */
int seep_folded_write(FILE *stream, const struct seep_report *report);

#endif

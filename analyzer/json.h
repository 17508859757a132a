/* SPDX-License-Identifier: Apache-2.0
 *
 * json.h: a report for programs, in the schema seep-report/1: docs/REPORT.md says what each key means.
 */
#ifndef SEEP_JSON_H
#define SEEP_JSON_H

#include <stdio.h>

#include "report.h"

/* `sites` is a report by site; `groups`, of the same trace by something else, may be NULL. One line for each site, all ASCII (what is not is escaped). Write errors are left to the caller (ferror). Returns 0, or -1 without
 * memory. */
int seep_json_write(FILE *stream, const struct seep_report *sites, const struct seep_report *groups);

#endif

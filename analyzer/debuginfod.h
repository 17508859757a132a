/* SPDX-License-Identifier: Apache-2.0
 *
 * debuginfod.h: files by build-id from the servers of $DEBUGINFOD_URLS, through elfutils' client library, which keeps
 * them in its cache. Only symbols.c opens it, and only where the user asked for it. One thread.
 */
#ifndef SEEP_DEBUGINFOD_H
#define SEEP_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_debuginfod;
struct seep_error;

/* 0, or -1 with *e set: no library, or no server named. */
int seep_debuginfod_open(struct seep_debuginfod **d, struct seep_error *e);

/* Path, to be freed, of the debug file, or of the program or library itself; NULL where no server has it. May take as
 * long as DEBUGINFOD_TIMEOUT says. */
char *seep_debuginfod_fetch(struct seep_debuginfod *d, const uint8_t *build_id, size_t bytes, bool program);

void seep_debuginfod_close(struct seep_debuginfod *d);

#endif

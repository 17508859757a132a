/* SPDX-License-Identifier: Apache-2.0
 *
 * names.h: strings that are kept once and live as long as their store. Function, file and component names come from here.
 * For one thread at a time.
 */
#ifndef SEEP_NAMES_H
#define SEEP_NAMES_H

#include <stddef.h>

struct seep_names;

/* NULL when memory ran out. */
struct seep_names *seep_names_create(void);

/* The kept copy, or NULL when memory ran out. It is safe to show and to put into JSON: what printable.h finds harmful has
 * become '?'. Equal texts give the same pointer. */
const char *seep_names_keep(struct seep_names *n, const char *text);

/* `bytes` of memory, zeroed and aligned to 8, that live as long as the names; NULL when memory ran out. */
void *seep_names_memory(struct seep_names *n, size_t bytes);

void seep_names_destroy(struct seep_names *n);

#endif

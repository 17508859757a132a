/* SPDX-License-Identifier: Apache-2.0
 *
 * remarks.h: what a reader of any figure from a trace has to know first: that it is cut off, that events were dropped, that
 * figures are estimates, that names are missing. Every output shows these sentences.
 */
#ifndef SEEP_REMARKS_H
#define SEEP_REMARKS_H

#include <stddef.h>

#include "model.h"
#include "symbols.h"

struct seep_remarks {
	const char **sentences; /* the weightiest first */
	size_t count, capacity;
	size_t grave; /* how many of them, from the first, say that figures are wrong or missing */
	struct seep_arena arena;
};

/* All of them. `symbols` may be NULL; if not, what it was asked for so far counts. Returns 0, or -1 without memory. */
int seep_remarks_collect(
	struct seep_remarks *remarks, const struct seep_trace *trace, const struct seep_symbols *symbols);

void seep_remarks_clear(struct seep_remarks *remarks);

#endif

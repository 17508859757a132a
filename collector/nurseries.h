/* SPDX-License-Identifier: Apache-2.0
 *
 * nurseries.h: reads the blocks that the nurseries hold and that nobody has sent.
 */
#ifndef SEEP_COLLECTOR_NURSERIES_H
#define SEEP_COLLECTOR_NURSERIES_H

#include "drain.h"

#include <stddef.h>
#include <stdint.h>

/* A nursery's block, copied. */
struct seep_nurseries_block {
	struct seep_event event;
	uint32_t segment;
};

struct seep_nurseries {
	struct seep_nurseries_block *blocks;
	size_t used;
	size_t size;
};

/* Copies the blocks in all nurseries, while the program may go on or not. Returns 0, or -1 with ENOMEM. */
int seep_nurseries_copy(struct seep_nurseries *copy, struct seep_drain *d);

/* Gives them to the books, but for those that had been sent already. */
void seep_nurseries_apply(const struct seep_nurseries *copy, struct seep_drain *d);

void seep_nurseries_close(struct seep_nurseries *copy);

#endif

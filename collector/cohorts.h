/* SPDX-License-Identifier: Apache-2.0
 *
 * cohorts.h: the moments between which births need not be told apart: blocks of a site and size that were born between two of
 * them are one entry of the LIVE frames. These borders are the starts of epochs and the marks that the program sets.
 */
#ifndef SEEP_COLLECTOR_COHORTS_H
#define SEEP_COLLECTOR_COHORTS_H

#include <stdbool.h>
#include <stdint.h>

#define SEEP_COHORTS_MARKS_MAX 65536u /* later marks are no borders */

struct seep_cohorts {
	uint32_t *borders; /* ticks, in the order in which they were added until somebody asks */
	uint32_t used;
	uint32_t size;
	uint32_t marks; /* of them */
	bool unsorted;
};

void seep_cohorts_close(struct seep_cohorts *c); /* leaves it empty, for use */

/* A border: blocks born at this tick or later lie behind it. Left out where there is no memory, which makes births coarser. */
void seep_cohorts_add_epoch(struct seep_cohorts *c, uint32_t tick);
void seep_cohorts_add_mark(struct seep_cohorts *c, uint32_t tick);

/* The last border that is not later than tick; 0 is always one. */
uint32_t seep_cohorts_floor(struct seep_cohorts *c, uint32_t tick);

#endif

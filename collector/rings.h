/* SPDX-License-Identifier: Apache-2.0
 *
 * rings.h: empties the rings of all segments, in an order that could have been the true one.
 */
#ifndef SEEP_COLLECTOR_RINGS_H
#define SEEP_COLLECTOR_RINGS_H

#include "drain.h"

#include <stdbool.h>
#include <stdint.h>

/* Takes what the rings hold at this moment. An event that others must precede, and they are in no ring yet, stays there until
 * the next round, with what follows it; but not longer, and with `all` not at all. Returns the number of units taken. */
uint64_t seep_rings_drain(struct seep_drain *d, bool all);

/* Whether no ring is more than a quarter full: then there is time to sleep (producers ring at half a ring). */
bool seep_rings_have_time(const struct seep_drain *d);

/* Takes the asides (records.h) in a segment's ring, also those behind events that wait. */
void seep_rings_asides(struct seep_drain *d, uint32_t number);

/* Takes `count` units (at most SEEP_DRAIN_COPY_UNITS) that stand in d->units and were taken before, by a collector that was killed. False: it
 * can't have been so. */
bool seep_rings_again(struct seep_drain *d, uint32_t number, uint64_t from, uint32_t count, bool asides_only);

#endif

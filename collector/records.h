/* SPDX-License-Identifier: Apache-2.0
 *
 * records.h: what a record says, checked.
 */
#ifndef SEEP_COLLECTOR_RECORDS_H
#define SEEP_COLLECTOR_RECORDS_H

#include "drain.h"

#include <stdbool.h>
#include <stdint.h>

/* Units that a record takes, told by its first one; 0: there is no such record. */
uint32_t seep_record_units(const struct seep_wire_unit *unit);

/* Whether a record is an event for the books. The others, asides, stand for themselves: when they are taken among the
 * events around them does not matter. */
static inline bool seep_record_is_event(const struct seep_wire_unit *unit)
{
	uint64_t kind = unit->a >> SEEP_WIRE_KIND_SHIFT;

	return kind == SEEP_RECORD_ALLOC || kind == SEEP_RECORD_FREE || kind == SEEP_RECORD_HOLE;
}

/* Reads an event. False: it can't be true. */
bool seep_record_event(struct seep_drain *d, const struct seep_wire_unit *unit, struct seep_event *event);

/* Takes an aside of this segment. False: it can't be true. */
bool seep_record_aside(struct seep_drain *d, uint32_t number, const struct seep_wire_unit *unit);

#endif

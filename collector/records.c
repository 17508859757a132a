/* SPDX-License-Identifier: Apache-2.0
 *
 * records.c: reads the records of include/seep/wire.h from copied units. Called by rings.c. One thread.
 */
#include "records.h"

#include "folds.h"

uint32_t seep_record_units(const struct seep_wire_unit *unit)
{
	uint64_t low = unit->a & SEEP_WIRE_ADDRESS_MASK;

	switch (unit->a >> SEEP_WIRE_KIND_SHIFT) {
	case SEEP_RECORD_ALLOC:
	case SEEP_RECORD_FOLDS:
		return 2;
	case SEEP_RECORD_FREE:
	case SEEP_RECORD_HOLE:
	case SEEP_RECORD_DROPPED:
		return 1;
	case SEEP_RECORD_MARK:
		return low <= SEEP_WIRE_MARK_BYTES ? 1 + (uint32_t)((low + sizeof(*unit) - 1) / sizeof(*unit)) : 0;
	default:
		return 0;
	}
}

bool seep_record_event(struct seep_drain *d, const struct seep_wire_unit *unit, struct seep_event *event)
{
	event->address = unit[0].a & SEEP_WIRE_ADDRESS_MASK;
	event->order = unit[0].b;
	if (!event->address || event->order >= SEEP_ORDER_NUMBER_MAX)
		return false;
	if (unit[0].a >> SEEP_WIRE_KIND_SHIFT == SEEP_RECORD_ALLOC) {
		event->kind = SEEP_EVENT_ALLOC;
		event->bytes = unit[1].a & SEEP_WIRE_SIZE_MASK;
		event->tag = (uint16_t)(unit[1].a >> SEEP_WIRE_SIZE_BITS);
		event->stack = (uint32_t)unit[1].b;
		event->birth = (uint32_t)(unit[1].b >> 32);
		return seep_drain_stack_exists(d, event->stack);
	}
	event->kind = unit[0].a >> SEEP_WIRE_KIND_SHIFT == SEEP_RECORD_FREE ? SEEP_EVENT_FREE : SEEP_EVENT_HOLE;
	return true;
}

static bool folds_take(struct seep_drain *d, uint32_t number, const struct seep_wire_unit *unit)
{
	uint32_t tag = (uint32_t)(unit[1].b >> 32);
	struct seep_fold fold = {.entry = unit[0].a >> 32 & 0xffff,
		.version = (uint32_t)unit[0].a,
		.count = unit[0].b,
		.bytes = unit[1].a,
		.stack = (uint32_t)unit[1].b,
		.tag = (uint16_t)tag};

	return fold.entry < SEEP_WIRE_FOLDS && !(fold.version & 1) && tag <= UINT16_MAX &&
	       seep_drain_stack_exists(d, fold.stack) && seep_folds_sent(d, number, &fold);
}

bool seep_record_aside(struct seep_drain *d, uint32_t number, const struct seep_wire_unit *unit)
{
	uint64_t kind = unit->a >> SEEP_WIRE_KIND_SHIFT;

	if (kind == SEEP_RECORD_FOLDS)
		return folds_take(d, number, unit);
	if (kind == SEEP_RECORD_DROPPED) {
		d->drops_seen = true; /* how many it were is counted by the segment, too */
		return true;
	}
	/* A mark; its length was checked with its units. */
	if (unit->b > UINT32_MAX)
		return false;
	/* In the time of births, which it divides, though that may be a little ahead. */
	seep_notes_add(d->notes, unit->b * SEEP_WIRE_TICK_NS, SEEP_NOTE_MARK, 0, (const char *)(unit + 1),
		unit->a & SEEP_WIRE_ADDRESS_MASK);
	seep_cohorts_add_mark(&d->books->cohorts, (uint32_t)unit->b);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * rings.c: empties the rings. Called by recording.c and finish.c, by folds.c for the asides, and by
 * recover.c. One thread; the producers go on meanwhile.
 *
 * The books match frees to allocations whatever the order of arrival. But what is live in between, and so every peak, would
 * be wrong by all that the rings hold if one ring were taken after the other: a block allocated in one and freed in the
 * next would seem to live at the same time as its successors at the same address. So the rings go forward together:
 *   - An event waits until the frees that precede it in its shard were processed (an allocation s: all f < s; a free f: all
 *     smaller ones). Its ring is blocked meanwhile. In the true order nobody waits for anybody in a circle, so whenever all
 *     rings are blocked, the event they wait for is not in any of them yet.
 *   - Otherwise rings take turns, in steps in proportion to what they hold.
 * Such an event is mostly there in the next round. If not (its thread is not running, or died), the shard is let go: its events
 * pass unordered until the number comes, the books hold its frees, and all other shards keep their order.
 */
#include "rings.h"

#include "records.h"

#include <string.h>

#define TURN_UNITS 64u /* of the fullest ring */

/* ---- Blocked rings ---- */

static void queue_put(struct seep_drain *d, uint32_t number)
{
	d->queue[(d->queue_first + d->queue_used++) % d->segments_known] = number;
}

static uint32_t queue_take(struct seep_drain *d)
{
	uint32_t number = d->queue[d->queue_first];

	d->queue_first = (d->queue_first + 1) % d->segments_known;
	d->queue_used--;
	return number;
}

static void block(struct seep_drain *d, uint32_t number, const struct seep_event *event)
{
	struct seep_drain_segment *segment = &d->segments[number];
	uint32_t shard = seep_wire_shard(event->address);

	segment->blocked_before =
		segment->blocked_before && segment->blocked_shard == shard && segment->blocked_order == event->order;
	segment->blocked = true;
	segment->blocked_shard = shard;
	segment->blocked_order = event->order;
	segment->next_blocked = d->blocked_by[shard];
	d->blocked_by[shard] = number + 1;
	d->blocked++;
}

/* All rings that this shard blocks take another turn; those for which it is not far enough come back here. */
static void unblock(struct seep_drain *d, uint32_t shard)
{
	uint32_t next = d->blocked_by[shard];

	d->blocked_by[shard] = 0;
	while (next) {
		struct seep_drain_segment *segment = &d->segments[next - 1];

		segment->blocked = false;
		d->blocked--;
		queue_put(d, next - 1);
		next = segment->next_blocked;
	}
}

/* ---- Units to events ---- */

/* Copies units of a ring; count is at most SEEP_DRAIN_COPY_UNITS. */
static void units_copy(struct seep_drain *d, uint32_t number, uint64_t from, uint32_t count)
{
	const struct seep_wire_unit *ring = d->region->segments[number].ring;
	uint32_t first = from % SEEP_WIRE_RING_UNITS, until_end = SEEP_WIRE_RING_UNITS - first;

	if (until_end > count)
		until_end = count;
	memcpy(d->units, ring + first, until_end * sizeof(*ring));
	memcpy(d->units + until_end, ring, (count - until_end) * sizeof(*ring));
}

/* Reads the records among count units copied from `from`; asides are taken at once, and only once. Stops before a record
 * that is not whole. Returns the number of events and puts into *read the units that were read. */
static unsigned records_read(struct seep_drain *d, uint32_t number, uint64_t from, uint32_t count, uint32_t *read)
{
	struct seep_drain_segment *segment = &d->segments[number];
	unsigned events = 0;
	uint32_t at = 0, units;

	for (; at < count; at += units) {
		const struct seep_wire_unit *unit = &d->units[at];
		bool sensible = true;

		units = seep_record_units(unit);
		if (units > count - at && from + count < segment->head)
			break;
		if (units == 0 || units > count - at) {
			sensible = false;
		} else if (seep_record_is_event(unit)) {
			sensible = seep_record_event(d, unit, &d->events[events]);
			d->ends[events++] = (uint16_t)(at + units);
		} else if (from + at >= segment->asides_done) {
			sensible = seep_record_aside(d, number, unit);
			segment->asides_done = from + at + units;
		}
		if (!sensible) {
			seep_drain_abandon(d, number, "impossible record", unit->a);
			break;
		}
	}
	*read = at;
	return events;
}

static void remember_recent(struct seep_drain_segment *segment, const struct seep_event *events, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t slot = segment->recent_next % SEEP_DRAIN_RECENT;

		if (events[i].kind != SEEP_EVENT_ALLOC)
			continue;
		segment->recent[slot].address = events[i].address;
		segment->recent[slot].s = events[i].order;
		segment->recent_next++;
	}
}

/* ---- Turns ---- */

static uint32_t smaller(uint64_t left, uint32_t right)
{
	return left < right ? (uint32_t)left : right;
}

static void unblock_others(struct seep_drain *d, unsigned events)
{
	for (unsigned i = 0; d->blocked && i < events; i++)
		if (d->events[i].kind != SEEP_EVENT_ALLOC && d->blocked_by[seep_wire_shard(d->events[i].address)])
			unblock(d, seep_wire_shard(d->events[i].address));
}

/* One ring's turn. Afterwards it is blocked, or in the queue again, or has reached the head. Returns the units taken. */
static uint32_t turn(struct seep_drain *d, uint32_t number)
{
	struct seep_drain_segment *segment = &d->segments[number];
	uint32_t count = smaller(segment->head - segment->tail, segment->quantum), read;
	unsigned events, done;

	units_copy(d, number, segment->tail, count);
	events = records_read(d, number, segment->tail, count, &read);
	if (segment->abandoned) {
		/* What stood before the record that made no sense was taken, as far as it does not wait for anything. */
		if (d->journal && read)
			seep_journal_units(d->journal, SEEP_JOURNAL_ASIDES, number, segment->tail, d->units, read);
		return 0;
	}
	done = seep_books_apply_due(d->books, d->events, events);
	remember_recent(segment, d->events, done);
	unblock_others(d, done); /* before this one blocks: it does not wait for what it has just done itself */
	if (done < events) {
		read = done ? d->ends[done - 1] : 0;
		block(d, number, &d->events[done]);
	} else {
		segment->blocked_before = false;
	}
	if (d->journal && read)
		seep_journal_units(d->journal, SEEP_JOURNAL_UNITS, number, segment->tail, d->units, read);
	segment->tail += read;
	if (!segment->blocked && segment->tail != segment->head)
		queue_put(d, number);
	return read;
}

/* Reads all heads and queues the rings that hold something. */
static void round_begin(struct seep_drain *d)
{
	uint64_t most = 1;

	seep_drain_learn(d);
	d->queue_first = d->queue_used = 0;
	for (uint32_t i = 0; i < d->segments_known; i++) {
		struct seep_drain_segment *segment = &d->segments[i];

		segment->head = atomic_load_explicit(&d->region->segments[i].head, memory_order_acquire);
		if (segment->head == segment->tail)
			continue;
		segment->fuller = segment->head - segment->tail > SEEP_WIRE_RING_UNITS / 2;
		if (segment->head - segment->tail > SEEP_WIRE_RING_UNITS)
			seep_drain_abandon(d, i, "its head is too far", segment->head);
		else if (segment->head - segment->tail > most)
			most = segment->head - segment->tail;
		queue_put(d, i);
	}
	for (uint32_t i = 0; i < d->queue_used; i++) {
		struct seep_drain_segment *segment = &d->segments[d->queue[i]];

		/* At least the longest record, at most what is copied at a time. */
		segment->quantum = smaller((segment->head - segment->tail) * TURN_UNITS / most, TURN_UNITS) + 18;
	}
}

_Static_assert(TURN_UNITS + 18 <= SEEP_DRAIN_COPY_UNITS && 1 + SEEP_WIRE_MARK_BYTES / 16 <= 18, "a turn's units");

/* Nothing goes on without events that are not there. Returns whether something does now. */
static bool deadlock_resolve(struct seep_drain *d, bool all)
{
	for (uint32_t i = 0; d->blocked && i < d->segments_known; i++) {
		struct seep_drain_segment *segment = &d->segments[i];

		if (!segment->blocked || !(all || segment->blocked_before))
			continue;
		seep_books_let_go(d->books, segment->blocked_shard);
		unblock(d, segment->blocked_shard);
	}
	return d->queue_used > 0;
}

static void round_end(struct seep_drain *d)
{
	for (uint32_t i = 0; i < d->segments_known; i++) {
		struct seep_drain_segment *segment = &d->segments[i];

		if (segment->gave_room)
			seep_region_wake(&d->region->segments[i]);
		segment->gave_room = segment->fuller = false;
		segment->blocked_before = segment->blocked;
		if (segment->blocked)
			d->blocked_by[segment->blocked_shard] = 0;
		segment->blocked = false;
	}
	d->blocked = 0;
}

/* Tells the producer how far its ring was read. One that waits is woken at half a ring of room, or at the end of the round:
 * for each turn's room it would be woken, and wait again, fifty times a ring. */
static void give_room(struct seep_drain *d, uint32_t number)
{
	struct seep_drain_segment *segment = &d->segments[number];

	seep_region_consume(&d->region->segments[number], segment->tail);
	segment->gave_room = true;
	if (segment->fuller && segment->head - segment->tail <= SEEP_WIRE_RING_UNITS / 2) {
		segment->fuller = false;
		seep_region_wake(&d->region->segments[number]);
	}
}

/* What was taken has to be in the journal's file first, and for each turn's units that would be too many writes. */
static void give_owed_room(struct seep_drain *d)
{
	seep_journal_flush(d->journal);
	for (uint32_t i = 0; i < d->segments_known; i++) {
		if (d->segments[i].owes_room)
			give_room(d, i);
		d->segments[i].owes_room = false;
	}
}

static void owe_room(struct seep_drain *d, uint32_t number)
{
	d->segments[number].owes_room = true;
	if (d->journal->used > sizeof(d->journal->buffer) / 2)
		give_owed_room(d);
}

uint64_t seep_rings_drain(struct seep_drain *d, bool all)
{
	uint64_t units = 0;

	round_begin(d);
	do {
		while (d->queue_used) {
			uint32_t number = queue_take(d);
			struct seep_drain_segment *segment = &d->segments[number];

			if (!segment->abandoned)
				units += turn(d, number);
			if (segment->abandoned) {
				segment->tail = segment->head; /* its producer must not wait for room for ever */
				if (d->journal)
					seep_journal_record(
						d->journal, SEEP_JOURNAL_ABANDONED, number, segment->tail, NULL, 0);
			}
			if (d->journal)
				owe_room(d, number);
			else
				give_room(d, number);
		}
	} while (d->blocked && deadlock_resolve(d, all));
	if (d->journal)
		give_owed_room(d);
	round_end(d);
	return units;
}

bool seep_rings_have_time(const struct seep_drain *d)
{
	for (uint32_t i = 0; i < d->segments_known; i++)
		if (atomic_load(&d->region->segments[i].head) - d->segments[i].tail > SEEP_WIRE_RING_UNITS / 4)
			return false;
	return true;
}

void seep_rings_asides(struct seep_drain *d, uint32_t number)
{
	struct seep_drain_segment *segment = &d->segments[number];
	/* The journal does not know yet of those that were taken already. */
	bool skip = segment->asides_done > segment->tail && !d->journal;
	uint64_t from = skip ? segment->asides_done : segment->tail;

	segment->head = atomic_load_explicit(&d->region->segments[number].head, memory_order_acquire);
	if (segment->head - segment->tail > SEEP_WIRE_RING_UNITS)
		return; /* the next round will say so */
	while (!segment->abandoned && from < segment->head) {
		uint32_t count = smaller(segment->head - from, SEEP_DRAIN_COPY_UNITS), read;

		units_copy(d, number, from, count);
		records_read(d, number, from, count, &read);
		if (d->journal && read)
			seep_journal_units(d->journal, SEEP_JOURNAL_ASIDES, number, from, d->units, read);
		from += read;
	}
}

bool seep_rings_again(struct seep_drain *d, uint32_t number, uint64_t from, uint32_t count, bool asides_only)
{
	struct seep_drain_segment *segment;
	unsigned events;
	uint32_t read;

	if (number >= d->segments_known)
		return false;
	segment = &d->segments[number];
	if (segment->abandoned || (!asides_only && from != segment->tail))
		return false;
	segment->head = from + count;
	events = records_read(d, number, from, count, &read);
	if (segment->abandoned || read != count)
		return false;
	if (asides_only)
		return true;
	seep_books_apply(d->books, d->events, events); /* they were due, or were not to wait any longer */
	remember_recent(segment, d->events, events);
	segment->tail = from + count;
	return true;
}

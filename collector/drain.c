/* SPDX-License-Identifier: Apache-2.0
 *
 * drain.c: from the rings, folds and nurseries to the books. Called by session.c. One thread; the producers run meanwhile.
 */
#include "drain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void seep_drain_open(
	struct seep_drain *d, struct seep_region *region, struct seep_books *books, struct seep_notes *notes)
{
	d->region = region;
	d->books = books;
	d->notes = notes;
}

void seep_drain_close(struct seep_drain *d)
{
	for (uint32_t i = 0; i < d->segments_known; i++)
		free(d->segments[i].folds);
	free(d->segments);
	d->segments = NULL;
	d->segments_known = 0;
}

/* ---- Rings ---- */

static uint64_t time_of(const struct seep_drain *d)
{
	return d->books->now_ns;
}

static void abandon(struct seep_drain *d, uint32_t number, const char *why, uint64_t value)
{
	d->segments[number].abandoned = true;
	d->dropped++;
	seep_notes_fault(d->notes, time_of(d), "ring %" PRIu32 " is not read any further: %s (%#" PRIx64 ")", number,
		why, value);
}

static bool stack_exists(struct seep_drain *d, uint32_t stack)
{
	if (stack > d->nodes_known)
		d->nodes_known = seep_region_nodes_used(d->region);
	return stack <= d->nodes_known;
}

/* Signed, because versions may wrap. */
static int32_t version_ahead(uint32_t version, uint32_t of)
{
	return (int32_t)(version - of);
}

static struct seep_drain_fold *fold_known(struct seep_drain *d, uint32_t number, uint32_t entry)
{
	struct seep_drain_segment *segment = &d->segments[number];

	if (!segment->folds)
		segment->folds = calloc(SEEP_WIRE_FOLDS, sizeof(*segment->folds));
	if (!segment->folds)
		d->failed = true;
	return segment->folds ? &segment->folds[entry] : NULL;
}

/* Counts what an entry has gained since it was last looked at. */
static void fold_count(struct seep_drain *d, struct seep_drain_fold *known, const struct seep_event *site,
	uint64_t count, uint64_t bytes)
{
	if (count < known->count || bytes < known->bytes)
		return; /* counts only grow: this is no honest entry */
	if (count > known->count || bytes > known->bytes)
		seep_books_fold(d->books, site->stack, site->tag, count - known->count, bytes - known->bytes);
	known->count = count;
	known->bytes = bytes;
}

static bool take_folds(struct seep_drain *d, uint32_t number, const struct seep_wire_unit *unit)
{
	uint32_t entry = unit[0].a >> 32 & 0xffff, version = (uint32_t)unit[0].a, tag = (uint32_t)(unit[1].b >> 32);
	struct seep_event site = {.stack = (uint32_t)unit[1].b, .tag = (uint16_t)tag};
	struct seep_drain_fold *known;

	if (entry >= SEEP_WIRE_FOLDS || version & 1 || tag > UINT16_MAX || !stack_exists(d, site.stack))
		return false;
	known = fold_known(d, number, entry);
	if (!known)
		return true;
	if (version_ahead(version, known->version) < 0)
		return false;
	if (version != known->version)
		*known = (struct seep_drain_fold){.version = version};
	fold_count(d, known, &site, unit[0].b, unit[1].a);
	*known = (struct seep_drain_fold){.version = version + 2};
	return true;
}

static bool take_alloc(struct seep_drain *d, struct seep_drain_segment *segment, const struct seep_wire_unit *unit,
	struct seep_event *event)
{
	uint32_t slot = segment->recent_next++ % SEEP_DRAIN_RECENT;

	*event = (struct seep_event){.address = unit[0].a & SEEP_WIRE_ADDRESS_MASK,
		.order = unit[0].b,
		.bytes = unit[1].a & SEEP_WIRE_SIZE_MASK,
		.stack = (uint32_t)unit[1].b,
		.birth = (uint32_t)(unit[1].b >> 32),
		.tag = (uint16_t)(unit[1].a >> SEEP_WIRE_SIZE_BITS),
		.kind = SEEP_EVENT_ALLOC};
	segment->recent[slot].address = event->address;
	segment->recent[slot].s = event->order;
	return event->address && event->order < SEEP_ORDER_NUMBER_MAX && stack_exists(d, event->stack);
}

static bool take_free(const struct seep_wire_unit *unit, enum seep_event_kind kind, struct seep_event *event)
{
	event->address = unit->a & SEEP_WIRE_ADDRESS_MASK;
	event->order = unit->b;
	event->kind = (uint16_t)kind;
	return event->address && event->order < SEEP_ORDER_NUMBER_MAX;
}

static void take_mark(struct seep_drain *d, const struct seep_wire_unit *unit)
{
	size_t length = unit->a & SEEP_WIRE_ADDRESS_MASK; /* checked by record_units */
	uint64_t time_ns = unit->b <= UINT32_MAX ? unit->b * SEEP_WIRE_TICK_NS : UINT64_MAX;

	seep_notes_add(d->notes, time_ns < time_of(d) ? time_ns : time_of(d), SEEP_NOTE_MARK, 0,
		(const char *)(unit + 1), length);
}

static void take_dropped(struct seep_drain *d, const struct seep_wire_unit *unit)
{
	d->drops_seen = true;
	seep_notes_add(d->notes, time_of(d), SEEP_NOTE_DROPPED, unit->b, NULL, 0);
}

/* Units that a record takes, told by its first one; 0: there is no such record. */
static uint32_t record_units(const struct seep_wire_unit *unit)
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

/* Takes one whole record; an allocation or a free becomes *event, with its kind set. False: it can't be true. */
static bool record_take(
	struct seep_drain *d, uint32_t number, const struct seep_wire_unit *unit, struct seep_event *event)
{
	event->kind = 0;
	switch (unit->a >> SEEP_WIRE_KIND_SHIFT) {
	case SEEP_RECORD_ALLOC:
		return take_alloc(d, &d->segments[number], unit, event);
	case SEEP_RECORD_FREE:
		return take_free(unit, SEEP_EVENT_FREE, event);
	case SEEP_RECORD_HOLE:
		return take_free(unit, SEEP_EVENT_HOLE, event);
	case SEEP_RECORD_FOLDS:
		return take_folds(d, number, unit);
	case SEEP_RECORD_MARK:
		take_mark(d, unit);
		return true;
	default:
		take_dropped(d, unit);
		return true;
	}
}

static void units_take(struct seep_drain *d, uint32_t number, uint32_t count)
{
	unsigned events = 0;

	for (uint32_t at = 0; at < count;) {
		uint32_t units = record_units(&d->units[at]);

		if (units == 0 || units > count - at) {
			abandon(d, number, "unknown record", d->units[at].a);
			break;
		}
		if (!record_take(d, number, &d->units[at], &d->events[events])) {
			abandon(d, number, "impossible record", d->units[at].a);
			break;
		}
		if (d->events[events].kind)
			events++;
		at += units;
	}
	seep_books_apply(d->books, d->events, events);
}

/* Empties one ring up to the head that is read here. Returns the units taken. */
static uint64_t ring_take(struct seep_drain *d, uint32_t number)
{
	struct seep_wire_segment *shared = &d->region->segments[number];
	struct seep_drain_segment *segment = &d->segments[number];
	uint64_t head = atomic_load_explicit(&shared->head, memory_order_acquire);
	uint64_t count = head - segment->tail;
	uint32_t first = segment->tail % SEEP_WIRE_RING_UNITS;
	uint32_t until_end = SEEP_WIRE_RING_UNITS - first;

	if (count == 0)
		return 0;
	if (count > SEEP_WIRE_RING_UNITS && !segment->abandoned)
		abandon(d, number, "its head is too far", head);
	if (segment->abandoned) {
		/* The producer must not wait for room for ever. */
		segment->tail = head;
		seep_region_consume(shared, head);
		return 0;
	}
	if (until_end > count)
		until_end = (uint32_t)count;
	memcpy(d->units, shared->ring + first, until_end * sizeof(*d->units));
	memcpy(d->units + until_end, shared->ring, (count - until_end) * sizeof(*d->units));
	segment->tail = head;
	seep_region_consume(shared, head);
	units_take(d, number, (uint32_t)count);
	return count;
}

/* Learns of new segments. */
static void segments_learn(struct seep_drain *d)
{
	uint32_t used = seep_region_segments_used(d->region), size = d->segments_known;
	struct seep_drain_segment *larger;

	if (used <= size)
		return;
	larger = reallocarray(d->segments, used, sizeof(*larger));
	if (!larger) {
		d->failed = true;
		return;
	}
	memset(larger + size, 0, (used - size) * sizeof(*larger));
	d->segments = larger;
	d->segments_known = used;
}

uint64_t seep_drain_rings(struct seep_drain *d)
{
	uint64_t units = 0;

	segments_learn(d);
	for (uint32_t i = 0; i < d->segments_known; i++)
		units += ring_take(d, i);
	return units;
}

bool seep_drain_has_time(const struct seep_drain *d)
{
	for (uint32_t i = 0; i < d->segments_known; i++)
		if (atomic_load(&d->region->segments[i].head) - d->segments[i].tail > SEEP_WIRE_RING_UNITS / 4)
			return false;
	return true;
}

/* ---- Folds ---- */

struct fold_copy {
	uint32_t version;
	uint32_t stack;
	uint32_t tag;
	uint64_t count;
	uint64_t bytes;
};

/* A consistent copy of an entry, or false: it is changing its stack, or was never used. */
static bool fold_read(struct seep_wire_fold *shared, struct fold_copy *copy)
{
	copy->version = atomic_load_explicit(&shared->version, memory_order_acquire);
	copy->stack = atomic_load_explicit(&shared->stack, memory_order_relaxed);
	copy->tag = __atomic_load_n(&shared->tag, __ATOMIC_RELAXED);
	copy->count = atomic_load_explicit(&shared->count, memory_order_relaxed);
	copy->bytes = atomic_load_explicit(&shared->bytes, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	return !(copy->version & 1) && copy->count &&
	       copy->version == atomic_load_explicit(&shared->version, memory_order_relaxed);
}

/* The entries are copied first and the ring is emptied then: an entry that had left a stack behind in the copy has sent that
 * stack's count before, so that is in the books already; and if it has left the copied one meanwhile, the copy is
 * older than what is known, and ignored. */
static void segment_fold(struct seep_drain *d, uint32_t number)
{
	struct fold_copy copies[SEEP_WIRE_FOLDS];
	bool valid[SEEP_WIRE_FOLDS];

	for (uint32_t i = 0; i < SEEP_WIRE_FOLDS; i++)
		valid[i] = fold_read(&d->region->segments[number].folds[i], &copies[i]);
	ring_take(d, number);
	for (uint32_t i = 0; i < SEEP_WIRE_FOLDS; i++) {
		struct seep_event site = {.stack = copies[i].stack, .tag = (uint16_t)copies[i].tag};
		struct seep_drain_fold *known;

		if (!valid[i] || copies[i].tag > UINT16_MAX || !stack_exists(d, site.stack))
			continue;
		known = fold_known(d, number, i);
		if (!known || version_ahead(copies[i].version, known->version) < 0)
			continue;
		if (copies[i].version != known->version)
			*known = (struct seep_drain_fold){.version = copies[i].version};
		fold_count(d, known, &site, copies[i].count, copies[i].bytes);
	}
}

void seep_drain_folds(struct seep_drain *d)
{
	segments_learn(d);
	for (uint32_t i = 0; i < d->segments_known; i++) {
		struct seep_drain_segment *segment = &d->segments[i];
		uint64_t dropped = atomic_load_explicit(&d->region->segments[i].dropped, memory_order_relaxed);

		segment_fold(d, i);
		if (dropped > segment->dropped) {
			d->dropped += dropped - segment->dropped;
			segment->dropped = dropped;
		}
	}
}

/* ---- Nurseries ---- */

/* A consistent copy of an entry, or false: it is empty, is changing, or can't be true. */
static bool young_read(struct seep_drain *d, struct seep_wire_young *shared, struct seep_event *event)
{
	uint64_t address = atomic_load_explicit(&shared->address, memory_order_acquire);
	uint32_t tag = __atomic_load_n(&shared->tag, __ATOMIC_RELAXED);

	*event = (struct seep_event){.address = address,
		.order = __atomic_load_n(&shared->s, __ATOMIC_RELAXED),
		.bytes = __atomic_load_n(&shared->bytes, __ATOMIC_RELAXED),
		.stack = __atomic_load_n(&shared->stack, __ATOMIC_RELAXED),
		.birth = __atomic_load_n(&shared->birth, __ATOMIC_RELAXED),
		.tag = (uint16_t)tag,
		.kind = SEEP_EVENT_ALLOC};
	atomic_thread_fence(memory_order_acquire);
	return address && address == atomic_load_explicit(&shared->address, memory_order_relaxed) &&
	       address <= SEEP_WIRE_ADDRESS_MASK && event->order < SEEP_ORDER_NUMBER_MAX && tag <= UINT16_MAX &&
	       stack_exists(d, event->stack);
}

static int young_add(struct seep_drain_nurseries *copy, const struct seep_drain_young *young)
{
	if (copy->used == copy->size) {
		size_t size = copy->size ? 2 * copy->size : 4096;
		struct seep_drain_young *larger = reallocarray(copy->blocks, size, sizeof(*larger));

		if (!larger)
			return -1;
		copy->blocks = larger;
		copy->size = size;
	}
	copy->blocks[copy->used++] = *young;
	return 0;
}

int seep_drain_nurseries_copy(struct seep_drain *d, struct seep_drain_nurseries *copy)
{
	memset(copy, 0, sizeof(*copy));
	segments_learn(d);
	for (uint32_t i = 0; i < d->segments_known; i++) {
		struct seep_drain_young young = {.segment = i};

		for (uint32_t j = 0; !d->segments[i].abandoned && j < SEEP_WIRE_NURSERY; j++) {
			if (!young_read(d, &d->region->segments[i].nursery[j], &young.event))
				continue;
			if (young_add(copy, &young) < 0) {
				free(copy->blocks);
				memset(copy, 0, sizeof(*copy));
				return -1;
			}
		}
	}
	return 0;
}

static bool sent_lately(const struct seep_drain_segment *segment, const struct seep_event *event)
{
	for (unsigned i = 0; i < SEEP_DRAIN_RECENT; i++)
		if (segment->recent[i].address == event->address && segment->recent[i].s == event->order)
			return true;
	return false;
}

void seep_drain_nurseries_apply(struct seep_drain *d, struct seep_drain_nurseries *copy)
{
	for (size_t i = 0; i < copy->used; i++)
		if (!sent_lately(&d->segments[copy->blocks[i].segment], &copy->blocks[i].event))
			seep_books_apply_young(d->books, &copy->blocks[i].event);
	free(copy->blocks);
	memset(copy, 0, sizeof(*copy));
}

void seep_drain_stack_counters(const struct seep_drain *d, uint64_t *truncated, uint64_t *lost)
{
	*truncated = *lost = 0;
	for (uint32_t i = 0; i < d->segments_known; i++) {
		*truncated += atomic_load_explicit(&d->region->segments[i].truncated_stacks, memory_order_relaxed);
		*lost += atomic_load_explicit(&d->region->segments[i].lost_stacks, memory_order_relaxed);
	}
}

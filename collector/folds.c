/* SPDX-License-Identifier: Apache-2.0
 *
 * folds.c: counts folds. Called by recording.c at the end of each epoch, by records.c, and by recover.c. One thread; the owners of the segments
 * go on meanwhile.
 */
#include "folds.h"

#include "rings.h"

#include <stdlib.h>

/* Signed, because versions may wrap. */
static int32_t version_ahead(uint32_t version, uint32_t of)
{
	return (int32_t)(version - of);
}

static struct seep_drain_fold *known_of(struct seep_drain *d, uint32_t number, uint32_t entry)
{
	struct seep_drain_segment *segment = &d->segments[number];

	if (!segment->folds)
		segment->folds = calloc(SEEP_WIRE_FOLDS, sizeof(*segment->folds));
	if (!segment->folds)
		d->failed = true;
	return segment->folds ? &segment->folds[entry] : NULL;
}

/* Counts what an entry has gained since it was last looked at. */
static void count(struct seep_drain *d, struct seep_drain_fold *known, const struct seep_fold *fold)
{
	if (fold->version != known->version)
		*known = (struct seep_drain_fold){.version = fold->version};
	if (fold->count < known->count || fold->bytes < known->bytes)
		return; /* counts only grow: this is no honest entry */
	if (fold->count > known->count || fold->bytes > known->bytes)
		seep_books_fold(
			d->books, fold->stack, fold->tag, fold->count - known->count, fold->bytes - known->bytes);
	known->count = fold->count;
	known->bytes = fold->bytes;
}

bool seep_folds_sent(struct seep_drain *d, uint32_t number, const struct seep_fold *fold)
{
	struct seep_drain_fold *known = known_of(d, number, fold->entry);

	if (!known)
		return true;
	if (version_ahead(fold->version, known->version) < 0)
		return false;
	count(d, known, fold);
	*known = (struct seep_drain_fold){.version = fold->version + 2};
	return true;
}

/* A consistent copy of an entry, or false: it is changing its stack, counted nothing yet, or can't be true. */
static bool entry_read(struct seep_drain *d, struct seep_wire_fold *shared, struct seep_fold *fold)
{
	uint32_t tag;

	fold->version = atomic_load_explicit(&shared->version, memory_order_acquire);
	fold->stack = atomic_load_explicit(&shared->stack, memory_order_relaxed);
	tag = atomic_load_explicit(&shared->tag, memory_order_relaxed);
	fold->tag = (uint16_t)tag;
	fold->count = atomic_load_explicit(&shared->count, memory_order_relaxed);
	fold->bytes = atomic_load_explicit(&shared->bytes, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	return !(fold->version & 1) && fold->count && tag <= UINT16_MAX &&
	       fold->version == atomic_load_explicit(&shared->version, memory_order_relaxed) &&
	       seep_drain_stack_exists(d, fold->stack);
}

static void journal(struct seep_journal *j, uint32_t number, const struct seep_fold *fold)
{
	const struct seep_wire_unit rest[2] = {{fold->count, fold->bytes}, {fold->tag, 0}};

	seep_journal_record(j, SEEP_JOURNAL_FOLD, (uint64_t)fold->entry << 32 | number,
		(uint64_t)fold->version << 32 | fold->stack, rest, 2);
}

/* The entries are copied first and the ring's asides are taken then: an entry that had left a stack behind in the copy has sent
 * that stack's count before, so that is in the books already; and if it has left the copied one meanwhile, the copy is older
 * than what is known, and ignored. */
static void segment_harvest(struct seep_drain *d, uint32_t number)
{
	struct seep_fold *copies = d->folds;
	uint32_t used = 0;

	for (uint32_t i = 0; i < SEEP_WIRE_FOLDS; i++) {
		copies[used].entry = i;
		used += entry_read(d, &d->region->segments[number].folds[i], &copies[used]);
	}
	seep_rings_asides(d, number);
	for (uint32_t i = 0; i < used; i++) {
		struct seep_drain_fold *known = known_of(d, number, copies[i].entry);

		if (!known || version_ahead(copies[i].version, known->version) < 0)
			continue;
		if (d->journal && (copies[i].version != known->version || copies[i].count != known->count ||
					  copies[i].bytes != known->bytes))
			journal(d->journal, number, &copies[i]);
		count(d, known, &copies[i]);
	}
}

bool seep_folds_again(struct seep_drain *d, uint32_t number, const struct seep_fold *fold)
{
	struct seep_drain_fold *known;

	if (number >= d->segments_known || fold->entry >= SEEP_WIRE_FOLDS || !seep_drain_stack_exists(d, fold->stack))
		return false;
	known = known_of(d, number, fold->entry);
	if (!known || version_ahead(fold->version, known->version) < 0)
		return false;
	count(d, known, fold);
	return true;
}

void seep_folds_harvest(struct seep_drain *d)
{
	seep_drain_learn(d);
	for (uint32_t i = 0; i < d->segments_known; i++)
		segment_harvest(d, i);
}

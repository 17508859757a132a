/* SPDX-License-Identifier: Apache-2.0
 *
 * remarks.c: the sentences, from the trace's state, health, faults and counters, and from what the symbols missed.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remarks.h"
#include "units.h"

static int __attribute__((format(printf, 2, 3))) remark(struct seep_remarks *r, const char *format, ...)
{
	char sentence[700];
	va_list arguments;
	const char *copy;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	copy = seep_arena_text(&r->arena, sentence, strlen(sentence));
	if (!copy || seep_array_reserve(&r->sentences, &r->capacity, r->count + 1, sizeof(*r->sentences)) < 0)
		return -1;
	r->sentences[r->count++] = copy;
	return 0;
}

static int remark_state(struct seep_remarks *r, const struct seep_trace *t)
{
	struct seep_unit until;

	seep_unit_duration(&until, t->duration_ns);
	if (t->state == SEEP_TRACE_RUNNING)
		return remark(r,
			"The recording is still running: these are the figures up to %s after its start, and blocks "
			"of the last moments are not in them.",
			until.text);
	if (t->state == SEEP_TRACE_RECOVERED)
		return remark(r,
			"The trace has no end: its collector was stopped before it could finish. These are the "
			"figures up to %s after the start.",
			until.text);
	if (t->has_end && t->end.live_left_out)
		return remark(r,
			"The sizes and ages of the unfreed blocks are not in the trace, because there was no "
			"room for them; how many there are at each site is.");
	return 0;
}

/* The oldest slices of the history have become one. */
static int remark_merged(struct seep_remarks *r, const struct seep_trace *t)
{
	struct seep_unit until, count;

	if (!t->epoch_count || !t->epochs[0].head.merged)
		return 0;
	seep_unit_duration(&until, t->epochs[0].head.end_ns);
	return remark(r, "To keep within --max-trace, the history of the first %s is one sum (of %s slices).",
		until.text, seep_unit_count(&count, t->epochs[0].head.merged + UINT64_C(1)));
}

static int remark_health(struct seep_remarks *r, const struct seep_trace *t)
{
	const struct seep_health *h = &t->health;
	struct seep_unit count;

	if (h->damaged_at != UINT64_MAX &&
		remark(r,
			"The file is damaged: at offset %" PRIu64
			" there should be %s. What follows is used again from the next whole frame on.",
			h->damaged_at, h->damage) < 0)
		return -1;
	if (h->torn_at != UINT64_MAX && t->state != SEEP_TRACE_RUNNING &&
		remark(r,
			"The file is cut off: at offset %" PRIu64 " there should be %s, and the last %" PRIu64
			" of its %" PRIu64 " bytes are not used. If it was copied, copy it again.",
			h->torn_at, h->damaged_at == UINT64_MAX ? h->damage : "another whole frame",
			t->file_bytes - h->torn_at, t->file_bytes) < 0)
		return -1;
	if (h->lost_frames && remark(r, "%s frames of the trace are missing, and what was in them is not counted.",
				      seep_unit_count(&count, h->lost_frames)) < 0)
		return -1;
	return 0;
}

static int remark_faults(struct seep_remarks *r, const struct seep_trace *t)
{
	for (size_t i = 0; i < t->fault_count; i++)
		if (remark(r, "%s", t->faults[i]) < 0)
			return -1;
	if (t->faults_untold && remark(r, "%" PRIu64 " more such faults are not listed.", t->faults_untold) < 0)
		return -1;
	for (size_t i = 0; i < t->note_count; i++)
		if (t->notes[i].code == SEEP_NOTE_FAULT && remark(r, "The recording says: %s", t->notes[i].text) < 0)
			return -1;
	return 0;
}

static int remark_counters(struct seep_remarks *r, const struct seep_trace *t)
{
	struct seep_unit count, bytes;

	if (t->process.sample_bytes &&
		remark(r, "The figures are estimates: one block was recorded for every %s allocated, on average.",
			seep_unit_bytes(&bytes, t->process.sample_bytes)) < 0)
		return -1;
	if (t->totals.unrecorded &&
		remark(r, "%s allocations and frees were not recorded, because a limit of the recorder was met.",
			seep_unit_count(&count, t->totals.unrecorded)) < 0)
		return -1;
	return 0;
}

static const char *has(uint64_t count)
{
	return count == 1 ? " has" : "s have";
}

static int remark_stacks(struct seep_remarks *r, const struct seep_trace *t)
{
	struct seep_unit count, bytes;

	if (t->end.inherited_count && remark(r,
					      "The process began as a fork and inherited %s blocks of %s from its "
					      "parent; they are in none of these figures.",
					      seep_unit_count(&count, t->end.inherited_count),
					      seep_unit_bytes(&bytes, t->end.inherited_bytes)) < 0)
		return -1;
	if (t->totals.truncated_stacks &&
		remark(r, "%s allocation%s a stack of more than %u frames, which was cut at its outer end.",
			seep_unit_count(&count, t->totals.truncated_stacks), has(t->totals.truncated_stacks),
			t->process.depth_limit) < 0)
		return -1;
	if (t->totals.lost_stacks &&
		remark(r, "%s allocation%s a stack that ends early, in code without unwind information.",
			seep_unit_count(&count, t->totals.lost_stacks), has(t->totals.lost_stacks)) < 0)
		return -1;
	return 0;
}

static int remark_symbols(struct seep_remarks *r, const struct seep_symbols *symbols)
{
	const char *const *sentences;
	size_t count = symbols ? seep_symbols_remarks(symbols, &sentences) : 0;

	for (size_t i = 0; i < count; i++)
		if (remark(r, "%s", sentences[i]) < 0)
			return -1;
	return 0;
}

int seep_remarks_collect(struct seep_remarks *r, const struct seep_trace *t, const struct seep_symbols *symbols)
{
	struct seep_unit count;

	*r = (struct seep_remarks){0};
	if (remark_state(r, t) < 0)
		return -1;
	if (t->totals.dropped_events &&
		remark(r, "%s events were dropped while recording, so the figures are lower bounds.",
			seep_unit_count(&count, t->totals.dropped_events)) < 0)
		return -1;
	if (remark_health(r, t) < 0 || remark_faults(r, t) < 0 || remark_counters(r, t) < 0)
		return -1;
	r->grave = r->count;
	if (remark_symbols(r, symbols) < 0 || remark_stacks(r, t) < 0 || remark_merged(r, t) < 0)
		return -1;
	return 0;
}

void seep_remarks_clear(struct seep_remarks *r)
{
	free(r->sentences);
	seep_arena_clear(&r->arena);
	*r = (struct seep_remarks){0};
}

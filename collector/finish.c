/* SPDX-License-Identifier: Apache-2.0
 *
 * finish.c: the end of a recording. Called by session.c. One thread.
 */
#include "recording.h"

#include "live.h"
#include "nurseries.h"
#include "rings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static void say_what_is_missing(struct seep_recording *r)
{
	const struct seep_totals *t = &r->books->totals;
	uint64_t now = r->books->now_ns, over = atomic_load(&r->region.map->nodes_over);
	uint32_t children = atomic_load(&r->region.map->children_lost);
	uint32_t modules = seep_region_modules_used(&r->region);
	const struct {
		uint64_t count;
		const char *what;
	} losses[] = {
		{t->unhooked_frees, "blocks were given back in a way that seep does not see; they count as freed"},
		{t->expired_frees, "frees without a known allocation were given up before the end"},
		{r->books->order.holes, "frees never arrived, or too late"},
		{r->books->sites.over, "allocations found no site of their own, there were too many"},
		{over, "stacks were cut because the stack tree was full"},
		{children, "forked children were not recorded, because a seccomp filter kept them from asking for it"},
		{r->notes.lost, "notes were left out, there were too many"},
	};

	for (unsigned i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if (losses[i].count)
			seep_notes_fault(&r->notes, now, "%" PRIu64 " %s", losses[i].count, losses[i].what);
	if (modules + 1 >= r->region.modules_max)
		seep_notes_fault(&r->notes, now,
			"there was room for %u loads of files; functions of libraries that were loaded later have no "
			"names",
			modules);
}

/* The program was handed its region, and could not use it: a system call of the shim's failed. */
static void say_if_never_begun(struct seep_recording *r, struct seep_trace_end *end)
{
	if (atomic_load(&r->region.map->state) != SEEP_STATE_NEW || end->how == SEEP_END_KILLED)
		return;
	end->how = SEEP_END_STOPPED;
	end->exit_status = -1;
	seep_notes_fault(&r->notes, r->books->now_ns,
		"the program could not begin to record (no memory, or no descriptor left), so nothing of it is in "
		"here");
}

static void end_fill(struct seep_recording *r, struct seep_trace_end *end)
{
	const struct seep_totals *t = &r->books->totals;

	end->time_ns = r->books->now_ns;
	end->allocations = t->allocated.count;
	end->allocated_bytes = t->allocated.bytes;
	end->frees = t->freed.count;
	end->freed_bytes = t->freed.bytes;
	end->unknown_frees = t->unknown_frees;
	end->unfreed_count = t->live.count;
	end->unfreed_bytes = t->live.bytes;
	end->peak_live_bytes = t->peak_bytes;
	end->peak_at_ns = t->peak_at_ns;
	end->inherited_count = t->inherited.count;
	end->inherited_bytes = t->inherited.bytes;
	end->inherited_frees = t->inherited_frees;
	end->dropped_events = r->drain->dropped;
	end->unrecorded = atomic_load(&r->region.map->unrecorded);
	seep_drain_stack_counters(r->drain, &end->truncated_stacks, &end->lost_stacks);
}

int seep_recording_collect(struct seep_recording *r, struct seep_trace_end *end)
{
	struct seep_nurseries young;
	int status;

	free(r->reserve);
	r->reserve = NULL;
	seep_recording_clock(r);
	seep_rings_drain(r->drain, true); /* once: a program that was given up, or only claims an exec, goes on */
	if (seep_nurseries_copy(&young, r->drain) == 0) {
		seep_nurseries_apply(&young, r->drain);
		seep_nurseries_close(&young);
	} else {
		r->drain->failed = true;
	}
	seep_books_settle(r->books);
	say_what_is_missing(r);
	say_if_never_begun(r, end);
	status = seep_recording_epoch(r, 0);
	end_fill(r, end);
	return status;
}

int seep_recording_complete(struct seep_recording *r, struct seep_trace_end *end)
{
	int trimmed;

	/* Without memory for the books there is none for a list of all blocks. */
	if (r->books->failed)
		end->live_left_out = 1;
	else if (seep_live_write(r->books, r->writer) < 0) {
		if (errno != ENOMEM || seep_writer_error(r->writer))
			return -1;
		end->live_left_out = 1;
	}
	trimmed = seep_trim_finish(&r->trim, &r->writer, r->path);
	end->live_left_out |= trimmed > 0;
	return trimmed < 0 ? -1 : seep_writer_frame(r->writer, SEEP_FRAME_END, 1, end, sizeof(*end));
}

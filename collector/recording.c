/* SPDX-License-Identifier: Apache-2.0
 *
 * recording.c: what a recording does again and again while the process lives. Called by session.c and finish.c. One thread.
 */
#include "recording.h"

#include "clock.h"
#include "folds.h"
#include "messages.h"
#include "rings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREVIEW_EVERY_NS UINT64_C(2000000000)
#define PREVIEW_SHARE 100u /* previews may take so small a part of the time */
#define RESERVE_BYTES (4u * 1024 * 1024)
#define PATIENCE_STEP_NS UINT64_C(100000000)

struct seep_recording *seep_recording_new(const struct seep_session_setup *setup)
{
	struct seep_recording *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->setup = setup;
	if (setup->secret)
		memcpy(r->secret, setup->secret, strnlen(setup->secret, sizeof(r->secret)));
	r->listener = -1;
	r->region.memfd = r->region.file = -1;
	r->durable.books = r->durable.journal.fd = -1;
	r->watcher.epoll = r->watcher.stop = r->watcher.told = -1;
	r->process.pidfd = r->process.stat_fd = r->process.memory_fd = -1;
	r->drain = calloc(1, sizeof(*r->drain));
	r->reserve = malloc(RESERVE_BYTES);
	if (!r->drain || !r->reserve) {
		free(r->drain);
		free(r->reserve);
		free(r);
		return NULL;
	}
	return r;
}

void seep_recording_free(struct seep_recording *r, bool owner)
{
	if (owner)
		seep_watcher_stop(&r->watcher);
	else
		seep_watcher_forget(&r->watcher);
	seep_drain_close(r->drain);
	free(r->drain);
	free(r->reserve);
	seep_region_close(&r->region, owner);
	seep_process_close(&r->process);
	seep_notes_close(&r->notes);
	seep_tree_close(&r->tree);
	seep_trim_close(&r->trim);
	seep_durable_close(&r->durable);
	seep_writer_close(r->writer);
	if (r->listener >= 0)
		close(r->listener);
	seep_callers_close(&r->callers);
	if (r->books) {
		seep_books_close(r->books);
		free(r->books);
	}
	free(r);
}

void seep_recording_report(const struct seep_session_setup *setup, const char *verb, pid_t pid, const char *rest)
{
	for (unsigned i = 0; i < sizeof(setup->report_fds) / sizeof(setup->report_fds[0]); i++)
		seep_messages_report(setup->report_fds[i], "%s %d %s", verb, (int)pid, rest);
}

void seep_recording_clock(struct seep_recording *r)
{
	uint64_t now = r->stopped ? r->stopped_ns : seep_clock_ns() - r->start_ns;
	uint32_t tick = (uint32_t)(now / SEEP_WIRE_TICK_NS);
	uint32_t told = atomic_load_explicit(&r->region.map->tick, memory_order_relaxed);

	r->books->now_ns = now;
	r->books->now_tick = tick;
	if (r->drain->journal)
		seep_journal_clock(r->drain->journal, now, r->books->patience_now);
	/* Marks move it on as well: it must not go back behind one. */
	while (told < tick && !atomic_compare_exchange_weak(&r->region.map->tick, &told, tick))
		continue;
}

uint64_t seep_recording_round(struct seep_recording *r)
{
	uint64_t before = r->books->now_ns, passed, units;

	seep_recording_clock(r);
	units = seep_rings_drain(r->drain, false);
	if (units) {
		/* Only time in which something arrives counts: nothing is late while the program, or we, are stopped. */
		passed = r->books->now_ns - before;
		r->patience_ns += passed < PATIENCE_STEP_NS ? passed : PATIENCE_STEP_NS;
		r->books->patience_now = (uint32_t)(r->patience_ns / 1000000);
	}
	return units;
}

static int preview_take_back(struct seep_recording *r)
{
	struct seep_writer_place from = r->preview.from;

	r->preview.from.offset = 0;
	return from.offset ? seep_writer_return(r->writer, &from) : 0;
}

int seep_recording_preview(struct seep_recording *r)
{
	struct seep_preview *p = &r->preview;
	const struct seep_totals *t = &r->books->totals;
	uint64_t now = r->books->now_ns, began = seep_clock_ns(), took;

	if (!p->every_ns)
		p->every_ns = PREVIEW_EVERY_NS;
	if (now - p->at_ns < p->every_ns || seep_epoch_end_ns(&r->epoch) - now < p->every_ns)
		return 0;
	p->at_ns = now;
	seep_folds_harvest(r->drain);
	if (t->allocated.count + t->freed.count == p->events)
		return 0;
	p->events = t->allocated.count + t->freed.count;
	if (preview_take_back(r) < 0 ||
		seep_tree_write(&r->tree, &r->region, r->process.executable, &r->notes, now, r->writer) < 0)
		return -1;
	if (r->trim.limit && seep_writer_offset(r->writer) + seep_epoch_bytes_at_most(r->books) > r->trim.limit)
		return 0;
	p->from = seep_writer_place(r->writer);
	if (seep_epoch_preview(&r->epoch, r->books, r->drain->dropped, seep_process_rss(&r->process), r->writer) < 0)
		return -1;
	took = seep_clock_ns() - began;
	p->every_ns = took * PREVIEW_SHARE > PREVIEW_EVERY_NS ? took * PREVIEW_SHARE : PREVIEW_EVERY_NS;
	return 0;
}

static int epoch_write(struct seep_recording *r, uint64_t rss_bytes)
{
	if (seep_tree_write(&r->tree, &r->region, r->process.executable, &r->notes, r->books->now_ns, r->writer) < 0 ||
		seep_epoch_write(&r->epoch, r->books, r->drain->dropped, rss_bytes, r->writer) < 0)
		return -1;
	return seep_notes_write(&r->notes, r->writer);
}

static void journal_flush(struct seep_recording *r)
{
	if (r->drain->journal)
		seep_journal_flush(r->drain->journal);
}

int seep_recording_epoch(struct seep_recording *r, uint64_t rss_bytes)
{
	if (preview_take_back(r) < 0)
		return -1;
	r->preview.at_ns = r->books->now_ns;
	seep_folds_harvest(r->drain);
	seep_drain_count_dropped(r->drain);
	if (r->drain->journal) {
		const struct seep_wire_unit rest = {r->drain->dropped, rss_bytes};

		seep_journal_record(r->drain->journal, SEEP_JOURNAL_EPOCH, 0, 0, &rest, 1);
	}
	if (epoch_write(r, rss_bytes) < 0)
		return -1;
	journal_flush(r);
	return 0;
}

int seep_recording_epoch_again(struct seep_recording *r, uint64_t dropped, uint64_t rss_bytes)
{
	seep_drain_set_dropped(r->drain, dropped);
	return epoch_write(r, rss_bytes);
}

void seep_recording_tend(struct seep_recording *r, uint32_t patience_ms)
{
	struct seep_journal *journal = r->drain->journal;

	if (journal && (r->books->order.used || r->books->waiting > r->books->waiting_max)) {
		seep_journal_clock(journal, r->books->now_ns, r->books->patience_now);
		seep_journal_record(journal, SEEP_JOURNAL_TEND, patience_ms, r->books->waiting_max, NULL, 0);
	}
	seep_books_tend(r->books, patience_ms);
	journal_flush(r);
}

void seep_recording_forked(struct seep_recording *r, pid_t child)
{
	if (r->drain->journal)
		seep_journal_record(r->drain->journal, SEEP_JOURNAL_FORK, (uint32_t)child, 0, NULL, 0);
	seep_notes_add(&r->notes, r->books->now_ns, SEEP_NOTE_FORK, (uint64_t)child, NULL, 0);
	journal_flush(r);
}

bool seep_recording_is_well(struct seep_recording *r, int status)
{
	if (status < 0 && errno == EFBIG && r->trim.limit)
		snprintf(r->message, sizeof(r->message),
			"%s would become larger than --max-trace allows by what has to be in it (stacks, modules, "
			"notes)",
			r->path);
	else if (status < 0)
		snprintf(r->message, sizeof(r->message), "cannot write %s: %s", r->path,
			strerror(seep_writer_error(r->writer) ? seep_writer_error(r->writer) : errno));
	else if (r->books->failed || r->drain->failed)
		snprintf(r->message, sizeof(r->message), "out of memory for the books");
	else
		return true;
	return false;
}

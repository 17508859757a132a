/* SPDX-License-Identifier: Apache-2.0
 *
 * durable.c: the files beside a durable trace. Called by start.c and session.c. One thread.
 */
#include "durable.h"

#include "beside.h"
#include "checkpoint.h"
#include "output.h"
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JOURNAL_LEAST (UINT64_C(16) << 20)
#define TIME_EVERY_NS UINT64_C(100000000)

/* A collector that is killed between the two steps leaves a journal of the generation before, of which nothing is needed any more. */
int seep_durable_checkpoint(struct seep_recording *r)
{
	struct seep_durable *d = &r->durable;
	const struct seep_checkpoint_names names = {.generation = d->generation + 1,
		.trace_checksum = d->trace_checksum,
		.place = r->preview.from.offset ? r->preview.from : seep_writer_place(r->writer),
		.modules_max = r->region.modules_max,
		.nodes_max = r->region.nodes_max,
		.segments_max = r->region.segments_max};
	char path[SEEP_BESIDE_PATH], new_path[SEEP_BESIDE_PATH];
	int fd, error;

	seep_beside_name(r->path, SEEP_BESIDE_BOOKS, path);
	fd = seep_beside_create(r->path, SEEP_BESIDE_NEW_BOOKS, d->trace_checksum, new_path);
	if (fd < 0)
		return -1;
	if (seep_checkpoint_write(r, &names, fd, &d->checkpoint_bytes) == 0 &&
		seep_output_replace(path, d->books, new_path) == 0) {
		close(d->books);
		d->books = fd;
		d->generation++;
		return seep_journal_begin(&d->journal, d->generation, d->trace_checksum);
	}
	error = errno;
	seep_output_remove(new_path, fd);
	close(fd);
	errno = error;
	return -1;
}

int seep_durable_begin(struct seep_recording *r)
{
	struct seep_trace_frame first;

	if (seep_writer_frame_at(r->writer, sizeof(struct seep_trace_header), &first) < 0) {
		snprintf(r->message, sizeof(r->message), "cannot read %s: %s", r->path, strerror(errno));
		return -1;
	}
	r->durable.trace_checksum = first.checksum;
	return 0;
}

int seep_durable_start(struct seep_recording *r)
{
	struct seep_durable *d = &r->durable;
	char path[SEEP_BESIDE_PATH];
	int error;

	d->journal =
		(struct seep_journal){.fd = seep_beside_create(r->path, SEEP_BESIDE_JOURNAL, d->trace_checksum, path)};
	if (d->journal.fd >= 0 && seep_journal_begin(&d->journal, 0, d->trace_checksum) == 0) {
		/* Keeps the place of the first checkpoint. */
		d->books = seep_beside_create(r->path, SEEP_BESIDE_BOOKS, d->trace_checksum, path);
		if (d->books >= 0 && seep_durable_checkpoint(r) == 0) {
			r->drain->journal = r->tree.journal = &d->journal;
			return 0;
		}
	}
	error = errno;
	snprintf(r->message, sizeof(r->message), "cannot write %s: %s", path, strerror(error));
	errno = error;
	return -1;
}

void seep_durable_keep(struct seep_recording *r)
{
	struct seep_durable *d = &r->durable;
	uint64_t twice = 2 * d->checkpoint_bytes, long_enough = twice > JOURNAL_LEAST ? twice : JOURNAL_LEAST;

	if (!r->drain->journal)
		return;
	seep_journal_clock(&d->journal, r->books->now_ns, r->books->patience_now);
	if (d->journal.bytes >= long_enough && seep_durable_checkpoint(r) < 0 && !d->journal.error)
		d->journal.error = errno;
	else if (r->books->now_ns - d->journal.told_ns >= TIME_EVERY_NS)
		seep_journal_time(&d->journal);
	seep_journal_flush(&d->journal);
	if (!d->journal.error)
		return;
	seep_notes_fault(&r->notes, r->books->now_ns,
		"the recording is not durable any more, because the files for that could not be written (%s)",
		strerror(d->journal.error));
	seep_durable_end(r);
}

void seep_durable_end(struct seep_recording *r)
{
	const int fds[] = {[SEEP_BESIDE_BOOKS] = r->durable.books,
		[SEEP_BESIDE_JOURNAL] = r->durable.journal.fd,
		[SEEP_BESIDE_RING] = r->region.file};
	char path[SEEP_BESIDE_PATH];

	r->drain->journal = r->tree.journal = NULL;
	for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		seep_beside_name(r->path, (enum seep_beside)i, path);
		if (fds[i] >= 0)
			seep_output_remove(path, fds[i]);
	}
	seep_durable_close(&r->durable);
}

void seep_durable_close(struct seep_durable *d)
{
	seep_journal_close(&d->journal);
	if (d->books >= 0)
		close(d->books);
	d->books = -1;
}

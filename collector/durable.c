/* SPDX-License-Identifier: Apache-2.0
 *
 * durable.c: the files beside a durable trace. Called by start.c and session.c. One thread.
 */
#include "durable.h"

#include "checkpoint.h"
#include "output.h"
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_LEAST (UINT64_C(16) << 20)
#define TIME_EVERY_NS UINT64_C(100000000)

static const char *const endings[] = {
	[SEEP_DURABLE_RING] = "ring", [SEEP_DURABLE_JOURNAL] = "journal", [SEEP_DURABLE_BOOKS] = "books"};

#define FILES (sizeof(endings) / sizeof(endings[0]))

void seep_durable_name(const char *trace, enum seep_durable_file file, char path[SEEP_DURABLE_PATH])
{
	snprintf(path, SEEP_DURABLE_PATH, "%s.%s", trace, endings[file]);
}

static bool is_such_a_file(const char *path, enum seep_durable_file file)
{
	const uint64_t ring = SEEP_WIRE_MAGIC;
	const void *const magics[FILES] = {&ring, SEEP_JOURNAL_MAGIC, SEEP_CHECKPOINT_MAGIC};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	uint8_t magic[8];
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	     pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, magics[file], sizeof(magic)) == 0;
	close(fd);
	return is;
}

void seep_durable_clear(const char *trace)
{
	char path[SEEP_DURABLE_PATH];

	for (unsigned i = 0; i < FILES; i++) {
		seep_durable_name(trace, (enum seep_durable_file)i, path);
		if (is_such_a_file(path, (enum seep_durable_file)i))
			unlink(path);
	}
}

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
	char path[SEEP_DURABLE_PATH], new_path[SEEP_DURABLE_PATH + 8];
	int fd, status, error;

	seep_durable_name(r->path, SEEP_DURABLE_BOOKS, path);
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	(void)unlink(new_path); /* of a collector that was killed */
	fd = seep_output_exclusive(new_path);
	if (fd < 0)
		return -1;
	status = seep_checkpoint_write(r, &names, fd, &d->checkpoint_bytes);
	error = errno;
	close(fd);
	if (status == 0 && rename(new_path, path) == 0) {
		d->generation++;
		return seep_journal_begin(&d->journal, d->generation);
	}
	if (status == 0)
		error = errno;
	(void)unlink(new_path);
	errno = error;
	return -1;
}

int seep_durable_start(struct seep_recording *r)
{
	struct seep_durable *d = &r->durable;
	struct seep_trace_frame first;
	char path[SEEP_DURABLE_PATH];
	int error;

	seep_durable_name(r->path, SEEP_DURABLE_JOURNAL, path);
	d->journal = (struct seep_journal){.fd = seep_output_exclusive(path)};
	if (d->journal.fd >= 0 && seep_journal_begin(&d->journal, 0) == 0 &&
		seep_writer_frame_at(r->writer, sizeof(struct seep_trace_header), &first) == 0) {
		d->trace_checksum = first.checksum;
		if (seep_durable_checkpoint(r) == 0) {
			r->drain->journal = r->tree.journal = &d->journal;
			return 0;
		}
	}
	error = errno;
	snprintf(r->message, sizeof(r->message), "cannot write %s, or the .books beside it: %s", path, strerror(error));
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
	const bool made[FILES] = {[SEEP_DURABLE_RING] = r->region.file >= 0,
		[SEEP_DURABLE_JOURNAL] = r->durable.journal.fd >= 0,
		[SEEP_DURABLE_BOOKS] = r->durable.generation > 0};
	char path[SEEP_DURABLE_PATH];

	r->drain->journal = r->tree.journal = NULL;
	for (unsigned i = FILES; i-- > 0;) { /* the books first: without them the others are nothing */
		seep_durable_name(r->path, (enum seep_durable_file)i, path);
		if (made[i])
			(void)unlink(path);
	}
	seep_journal_close(&r->durable.journal);
	r->durable.generation = 0;
}

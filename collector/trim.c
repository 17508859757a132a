/* SPDX-License-Identifier: Apache-2.0
 *
 * trim.c: see trim.h. While the file is written anew, the old one and the new one together take no more than the limit: with parts of
 * a third of what the rest leaves free twice, 2 rest + 3 parts <= limit. One thread.
 */
#include "trim.h"

#include "epoch.h"
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_MIN 4096u
#define END_BYTES 1024u /* more than an END takes */

/* ---- Sums ---- */

static void sum_close(struct seep_trim_sum *s)
{
	free(s->sites);
	memset(s, 0, sizeof(*s));
}

void seep_trim_close(struct seep_trim *t)
{
	sum_close(&t->all);
	sum_close(&t->older);
}

static bool sum_reserve(struct seep_trim_sum *s, uint32_t sites)
{
	uint32_t size = s->size ? s->size : 1024;
	struct seep_trace_site *larger;

	while (size < sites)
		size *= 2;
	if (size == s->size)
		return true;
	larger = realloc(s->sites, size * sizeof(*larger));
	if (!larger)
		return false;
	memset(larger + s->size, 0, (size - s->size) * sizeof(*larger));
	s->sites = larger;
	s->size = size;
	return true;
}

static void count_add(struct seep_trace_count *to, const struct seep_trace_count *more)
{
	to->count += more->count;
	to->bytes += more->bytes;
}

static void head_add(struct seep_trace_epoch *sum, const struct seep_trace_epoch *head)
{
	struct seep_trace_epoch before = *sum;

	*sum = *head;
	sum->merged = head->number;
	sum->start_ns = 0;
	sum->unknown_frees += before.unknown_frees;
	sum->dropped_events += before.dropped_events;
	if (before.peak_bytes >= head->peak_bytes) {
		sum->peak_bytes = before.peak_bytes;
		sum->peak_at_ns = before.peak_at_ns;
	}
}

int seep_trim_add(
	struct seep_trim *t, const struct seep_trace_epoch *head, const struct seep_sites *sites, uint64_t bytes)
{
	if (!sum_reserve(&t->all, sites->used)) {
		errno = ENOMEM;
		return -1;
	}
	t->all.used = sites->used;
	for (uint32_t i = 0; i < sites->changed_used; i++) {
		const struct seep_site *site = seep_sites_at(sites, sites->changed[i]);
		struct seep_trace_site *sum = &t->all.sites[sites->changed[i]];

		sum->stack = site->stack;
		sum->tag = site->tag;
		sum->live = site->live;
		sum->peak_bytes = site->peak_bytes;
		count_add(&sum->allocated, &site->allocated);
		for (unsigned age = 0; age < SEEP_AGE_CLASSES; age++)
			count_add(&sum->freed[age], &site->freed[age]);
	}
	head_add(&t->all.head, head);
	t->younger_bytes += bytes;
	return 0;
}

/* The younger part becomes the older one, and an empty one begins at the end of the file. Returns 0, or -1 with ENOMEM. */
static int parts_change(struct seep_trim *t, const struct seep_writer *writer)
{
	if (!sum_reserve(&t->older, t->all.used)) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(t->older.sites, t->all.sites, t->all.used * sizeof(*t->all.sites));
	t->older.used = t->all.used;
	t->older.head = t->all.head;
	t->older_bytes = t->younger_bytes;
	t->younger_bytes = 0;
	t->younger_from = seep_writer_offset(writer);
	return 0;
}

/* ---- The file, anew ---- */

/* Of sites' numbers. */
static int by_stack_and_tag(const void *left, const void *right, void *context)
{
	const struct seep_trace_site *sites = context;
	const struct seep_trace_site *a = &sites[*(const uint32_t *)left], *b = &sites[*(const uint32_t *)right];

	return seep_sites_compare(a->stack, a->tag, b->stack, b->tag);
}

struct sorted {
	const struct seep_trace_site *sites;
	uint32_t *numbers;
};

static void site_put(const void *context, uint32_t i, struct seep_trace_site *to)
{
	const struct sorted *sorted = context;

	*to = sorted->sites[sorted->numbers[i]];
}

static int sum_write(const struct seep_trim_sum *s, struct seep_writer *writer)
{
	struct sorted sorted = {s->sites, malloc((s->used + UINT64_C(1)) * sizeof(*sorted.numbers))};
	uint32_t used = 0;
	int status;

	if (!sorted.numbers) {
		errno = ENOMEM;
		return -1;
	}
	for (uint32_t i = 0; i < s->used; i++)
		if (s->sites[i].allocated.count || s->sites[i].peak_bytes || s->sites[i].stack)
			sorted.numbers[used++] = i;
	qsort_r(sorted.numbers, used, sizeof(*sorted.numbers), by_stack_and_tag, s->sites);
	status = seep_epoch_frames(&s->head, site_put, &sorted, used, writer);
	free(sorted.numbers);
	return status;
}

/* Copies what stays, with the sum in front of the first epoch that does: behind the stacks of its sites. */
static int frames_copy(
	const struct seep_trim *t, const struct seep_writer *from, struct seep_writer *to, bool with_live)
{
	uint64_t offset = sizeof(struct seep_trace_header), end = seep_writer_offset(from);
	bool summed = false;

	while (offset < end) {
		struct seep_trace_frame frame;
		bool live, epoch;

		if (seep_writer_frame_at(from, offset, &frame) < 0)
			return -1;
		live = frame.kind == SEEP_FRAME_LIVE;
		epoch = frame.kind == SEEP_FRAME_EPOCH;
		if (!summed && (live || (epoch && offset >= t->younger_from))) {
			if (sum_write(&t->older, to) < 0)
				return -1;
			summed = true;
		}
		if (!(epoch && offset < t->younger_from) && (with_live || !live) &&
			seep_writer_copy(to, from, offset) < 0)
			return -1;
		offset += sizeof(frame) + frame.stored_bytes;
	}
	return summed ? 0 : sum_write(&t->older, to);
}

static int file_write_anew(const struct seep_trim *t, struct seep_writer **writer, const char *path, bool with_live)
{
	char new_path[PATH_MAX + 32], message[200];
	struct seep_writer *new;
	int fd, error;

	snprintf(new_path, sizeof(new_path), "%s.%d.new", path, (int)getpid());
	(void)unlink(new_path); /* of one that was killed, with the same number */
	fd = seep_output_exclusive(new_path);
	if (fd < 0)
		return -1;
	if (seep_writer_open(&new, fd, message, sizeof(message)) == 0) {
		if (frames_copy(t, *writer, new, with_live) == 0 &&
			seep_output_replace(path, seep_writer_fd(*writer), new_path) == 0) {
			seep_writer_close(*writer);
			*writer = new;
			return 0;
		}
		error = errno;
		seep_writer_close(new);
	} else {
		error = errno;
	}
	(void)unlink(new_path);
	errno = error;
	return -1;
}

static int trim(struct seep_trim *t, struct seep_writer **writer, const char *path, bool with_live)
{
	/* As long as there was one part only, all of it goes. */
	if (!t->younger_from && parts_change(t, *writer) < 0)
		return -1;
	return file_write_anew(t, writer, path, with_live) < 0 ? -1 : parts_change(t, *writer);
}

/* What a part may take, or 0. */
static uint64_t part_bytes(const struct seep_trim *t, const struct seep_writer *writer)
{
	uint64_t rest = seep_writer_offset(writer) - t->older_bytes - t->younger_bytes + END_BYTES;

	return 2 * rest + 3 * PART_MIN <= t->limit ? (t->limit - 2 * rest) / 3 : 0;
}

int seep_trim_keep(struct seep_trim *t, struct seep_writer **writer, const char *path)
{
	uint64_t part;

	if (!t->limit)
		return 0;
	part = part_bytes(t, *writer);
	if (part && t->younger_bytes <= part && t->older_bytes + t->younger_bytes <= 2 * part)
		return 0;
	/* There is nothing to sum up before the second part. */
	if (part && !t->younger_from && t->younger_bytes <= 2 * part)
		return parts_change(t, *writer);
	if (trim(t, writer, path, true) < 0)
		return -1;
	part = part_bytes(t, *writer);
	/* An epoch larger than two parts: then all becomes one. */
	if (part && t->older_bytes > 2 * part) {
		if (trim(t, writer, path, true) < 0)
			return -1;
		part = part_bytes(t, *writer);
	}
	if (part)
		return 0;
	errno = EFBIG;
	return -1;
}

int seep_trim_finish(struct seep_trim *t, struct seep_writer **writer, const char *path)
{
	bool with_live = true;

	if (!t->limit || seep_writer_offset(*writer) + END_BYTES <= t->limit)
		return 0;
	/* The older part goes; if that is not enough, the younger one; and if that is not, the live blocks, whose sums by site the
	 * last epoch has. */
	for (int i = 0; i < 3 && seep_writer_offset(*writer) + END_BYTES > t->limit; i++) {
		with_live = i < 2;
		if (trim(t, writer, path, with_live) < 0)
			return -1;
	}
	return !with_live;
}

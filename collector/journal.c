/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.c: appends to the journal. Called by whatever changes the books: rings.c, folds.c, tree.c, recording.c;
 * and by durable.c and recover.c. One thread.
 *
 * By write and not through a mapping: a full disk is then an error, and not a signal.
 */
#include "journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

uint64_t seep_journal_sum(uint64_t sum, const struct seep_wire_unit *units, uint32_t count)
{
	return count ? XXH64(units, count * sizeof(*units), sum) : sum;
}

static void put(struct seep_journal *j, const void *bytes, size_t size, uint64_t at)
{
	size_t done = 0;

	while (!j->error && done < size) {
		ssize_t written = pwrite(j->fd, (const char *)bytes + done, size - done, (off_t)(at + done));

		if (written > 0)
			done += (size_t)written;
		else if (written == 0 || errno != EINTR)
			j->error = written < 0 ? errno : ENOSPC;
	}
}

static void put_header(struct seep_journal *j)
{
	struct seep_journal_header header = {.version = SEEP_JOURNAL_VERSION,
		.generation = j->generation,
		.trace_checksum = j->trace_checksum,
		.bytes = j->bytes,
		.sum = j->sum};

	memcpy(header.magic, SEEP_JOURNAL_MAGIC, sizeof(header.magic));
	put(j, &header, sizeof(header), 0);
}

int seep_journal_begin(struct seep_journal *j, uint32_t generation, uint64_t trace_checksum)
{
	j->generation = generation;
	j->trace_checksum = trace_checksum;
	j->sum = 0;
	j->ends_with_time = false;
	j->told_ns = UINT64_MAX;
	j->used = 0;
	j->bytes = sizeof(struct seep_journal_header);
	put_header(j);
	errno = j->error;
	return j->error ? -1 : 0;
}

void seep_journal_close(struct seep_journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

void seep_journal_clock(struct seep_journal *j, uint64_t now_ns, uint32_t patience)
{
	j->now_ns = now_ns;
	j->patience = patience;
}

static struct seep_wire_unit record(enum seep_journal_kind kind, uint64_t low, uint64_t second)
{
	return (struct seep_wire_unit){(uint64_t)kind << SEEP_WIRE_KIND_SHIFT | low, second};
}

void seep_journal_flush(struct seep_journal *j)
{
	if (!j->used)
		return;
	put(j, j->buffer, j->used, j->bytes);
	j->bytes += j->used;
	j->used = 0;
	put_header(j);
}

static void append(struct seep_journal *j, const struct seep_wire_unit *units, uint32_t count)
{
	size_t bytes = count * sizeof(*units);

	if (j->used + bytes > sizeof(j->buffer))
		seep_journal_flush(j);
	if (bytes)
		memcpy(j->buffer + j->used, units, bytes);
	j->used += (uint32_t)bytes;
	j->sum = seep_journal_sum(j->sum, units, count);
}

static void append_time(struct seep_journal *j)
{
	const struct seep_wire_unit time = record(SEEP_JOURNAL_TIME, j->patience, j->now_ns);

	append(j, &time, 1);
	j->told_ns = j->now_ns;
	j->told_patience = j->patience;
}

void seep_journal_time(struct seep_journal *j)
{
	if (j->ends_with_time) {
		j->sum = j->sum_before_time;
		if (j->used) {
			j->used -= (uint32_t)sizeof(struct seep_wire_unit);
		} else {
			j->bytes -= sizeof(struct seep_wire_unit);
			put_header(j); /* before another takes its room in the file: it must not count then */
		}
	}
	j->sum_before_time = j->sum;
	append_time(j);
	j->ends_with_time = true;
}

/* The time, where it has changed, goes before it. */
static void append_timed(
	struct seep_journal *j, struct seep_wire_unit head, const struct seep_wire_unit *rest, uint32_t count)
{
	if (j->told_ns != j->now_ns || j->told_patience != j->patience)
		append_time(j);
	append(j, &head, 1);
	append(j, rest, count);
	j->ends_with_time = false;
}

void seep_journal_units(struct seep_journal *j, enum seep_journal_kind kind, uint32_t segment, uint64_t from,
	const struct seep_wire_unit *units, uint32_t count)
{
	append_timed(j, record(kind, (uint64_t)count << 32 | segment, from), units, count);
}

void seep_journal_record(struct seep_journal *j, enum seep_journal_kind kind, uint64_t low, uint64_t second,
	const struct seep_wire_unit *rest, uint32_t rest_count)
{
	append_timed(j, record(kind, low, second), rest, rest_count);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.c: appends to the journal. Called by whatever changes the books: rings.c, folds.c, recording.c and session.c. One thread.
 *
 * By write and not through a mapping: a full disk is then an error, and not a signal.
 */
#include "journal.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int seep_journal_begin(struct seep_journal *j, uint32_t generation)
{
	struct seep_journal_header header = {.version = SEEP_JOURNAL_VERSION, .generation = generation};

	memcpy(header.magic, SEEP_JOURNAL_MAGIC, sizeof(header.magic));
	j->ends_with_time = false;
	j->told_ns = UINT64_MAX;
	j->bytes = sizeof(header);
	if (ftruncate(j->fd, 0) == 0 && pwrite(j->fd, &header, sizeof(header), 0) == sizeof(header))
		return 0;
	j->error = errno ? errno : ENOSPC;
	errno = j->error;
	return -1;
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

static void append(struct seep_journal *j, const struct iovec *parts, int count)
{
	size_t bytes = 0;
	ssize_t written;

	if (j->error)
		return;
	for (int i = 0; i < count; i++)
		bytes += parts[i].iov_len;
	do
		written = pwritev(j->fd, parts, count, (off_t)j->bytes);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		j->error = errno;
	else if ((size_t)written < bytes)
		j->error = ENOSPC;
	else
		j->bytes += bytes;
}

void seep_journal_time(struct seep_journal *j)
{
	struct seep_wire_unit time = record(SEEP_JOURNAL_TIME, j->patience, j->now_ns);
	const struct iovec part = {&time, sizeof(time)};

	if (j->ends_with_time)
		j->bytes -= sizeof(time);
	append(j, &part, 1);
	j->ends_with_time = true;
	j->told_ns = j->now_ns;
	j->told_patience = j->patience;
}

/* The time, where it has changed, goes before it in the same call. */
static void append_timed(
	struct seep_journal *j, struct seep_wire_unit head, const struct seep_wire_unit *rest, uint32_t count)
{
	struct seep_wire_unit heads[2] = {record(SEEP_JOURNAL_TIME, j->patience, j->now_ns), head};
	bool timed = j->told_ns != j->now_ns || j->told_patience != j->patience;
	const struct iovec parts[2] = {{timed ? heads : heads + 1, (1 + (size_t)timed) * sizeof(*heads)},
		{(void *)(uintptr_t)rest, count * sizeof(*rest)}};

	append(j, parts, 2);
	j->told_ns = j->now_ns;
	j->told_patience = j->patience;
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

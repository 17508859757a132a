/* SPDX-License-Identifier: Apache-2.0
 *
 * recover.c: goes on where a killed collector stopped. Called by main.c (`seep-collector recover`). One thread.
 *
 * The checkpoint tells what was known at some moment, and which part of the trace had been written by then; that part is copied.
 * Then all that the journal holds happens again, epochs included; then what the region still holds is taken, as at the end of any
 * recording.
 */
#include "recover.h"

#include "beside.h"
#include "checkpoint.h"
#include "durable.h"
#include "folds.h"
#include "recording.h"
#include "rings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (64u * 1024)
#define SECONDS_FREE 60u
#define BYTES_A_SECOND (4u * 1024 * 1024)
#define STAT_BLOCK_BYTES 512u /* of st_blocks */

/* ---- The journal, once more ---- */

struct replay {
	struct seep_recording *r;
	FILE *journal;
	uint64_t offset;
	uint64_t end;
	uint64_t sum;
};

/* False at the end, also where the rest is no whole record. */
static bool units_get(struct replay *p, struct seep_wire_unit *units, uint32_t count)
{
	if (p->end - p->offset < count * sizeof(*units) || fread(units, sizeof(*units), count, p->journal) != count)
		return false;
	p->offset += count * sizeof(*units);
	p->sum = seep_journal_sum(p->sum, units, count);
	return true;
}

static void time_set(struct seep_recording *r, uint64_t now_ns, uint32_t patience)
{
	r->stopped_ns = now_ns;
	seep_recording_clock(r);
	r->books->patience_now = patience;
	seep_drain_learn(r->drain);
}

enum step {
	STEP_DONE,
	STEP_END, /* the journal ends within this record */
	STEP_NONSENSE,
	STEP_FAILED, /* errno */
};

static enum step units_again(struct replay *p, const struct seep_wire_unit *head, bool asides_only)
{
	struct seep_drain *d = p->r->drain;
	uint32_t count = head->a >> 32 & 0xffffff;

	if (count > SEEP_DRAIN_COPY_UNITS)
		return STEP_NONSENSE;
	if (!units_get(p, d->units, count))
		return STEP_END;
	return seep_rings_again(d, (uint32_t)head->a, head->b, count, asides_only) ? STEP_DONE : STEP_NONSENSE;
}

static enum step fold_again(struct replay *p, const struct seep_wire_unit *head)
{
	struct seep_wire_unit rest[2];
	struct seep_fold fold;

	if (!units_get(p, rest, 2))
		return STEP_END;
	fold = (struct seep_fold){.entry = head->a >> 32 & 0xffffff,
		.version = (uint32_t)(head->b >> 32),
		.stack = (uint32_t)head->b,
		.tag = (uint16_t)rest[1].a,
		.count = rest[0].a,
		.bytes = rest[0].b};
	return seep_folds_again(p->r->drain, (uint32_t)head->a, &fold) ? STEP_DONE : STEP_NONSENSE;
}

static enum step abandoned_again(struct seep_drain *d, const struct seep_wire_unit *head)
{
	uint32_t number = (uint32_t)head->a;

	if (number >= d->segments_known)
		return STEP_NONSENSE;
	seep_drain_abandon(d, number, "impossible record", head->b);
	d->segments[number].tail = head->b;
	return STEP_DONE;
}

static enum step epoch_again(struct replay *p)
{
	struct seep_wire_unit rest;

	if (!units_get(p, &rest, 1))
		return STEP_END;
	return seep_recording_epoch_again(p->r, rest.a, rest.b) < 0 ? STEP_FAILED : STEP_DONE;
}

static enum step record_again(struct replay *p, const struct seep_wire_unit *head)
{
	struct seep_recording *r = p->r;
	uint64_t low = head->a & SEEP_WIRE_ADDRESS_MASK;

	switch (head->a >> SEEP_WIRE_KIND_SHIFT) {
	case SEEP_JOURNAL_TIME:
		time_set(r, head->b, (uint32_t)low);
		return STEP_DONE;
	case SEEP_JOURNAL_UNITS:
		return units_again(p, head, false);
	case SEEP_JOURNAL_ASIDES:
		return units_again(p, head, true);
	case SEEP_JOURNAL_ABANDONED:
		return abandoned_again(r->drain, head);
	case SEEP_JOURNAL_FOLD:
		return fold_again(p, head);
	case SEEP_JOURNAL_TEND:
		r->books->waiting_max = head->b;
		seep_books_tend(r->books, (uint32_t)low);
		return STEP_DONE;
	case SEEP_JOURNAL_FORK:
		seep_recording_forked(r, (pid_t)low);
		return STEP_DONE;
	case SEEP_JOURNAL_GONE:
		if (!low || low > r->region.modules_max)
			return STEP_NONSENSE;
		seep_tree_gone(&r->tree, (uint32_t)low, &r->notes, r->books->now_ns);
		return STEP_DONE;
	case SEEP_JOURNAL_EPOCH:
		return epoch_again(p);
	default:
		return STEP_NONSENSE;
	}
}

static int replay(struct replay *p, uint64_t sum, char *message, size_t message_size)
{
	struct seep_wire_unit head;
	enum step step = STEP_DONE;
	uint64_t at = p->offset;

	while (step == STEP_DONE && units_get(p, &head, 1)) {
		at = p->offset - sizeof(head);
		step = record_again(p, &head);
		if (!seep_recording_is_well(p->r, step == STEP_FAILED ? -1 : 0)) {
			snprintf(message, message_size, "%s", p->r->message);
			return -1;
		}
	}
	if (step == STEP_NONSENSE)
		snprintf(message, message_size, "the journal makes no sense at offset %" PRIu64, at);
	else if (p->sum != sum)
		snprintf(message, message_size, "the journal is not what was written: its sum is wrong");
	else
		return 0;
	return -1;
}

static bool header_get(FILE *journal, struct seep_journal_header *header)
{
	return fread(header, 1, sizeof(*header), journal) == sizeof(*header) &&
	       memcmp(header->magic, SEEP_JOURNAL_MAGIC, sizeof(header->magic)) == 0 &&
	       header->version == SEEP_JOURNAL_VERSION && header->bytes >= sizeof(*header);
}

/* Returns 0, or -1 with a message. */
static int journal_apply(
	struct seep_recording *r, int fd, const struct seep_checkpoint_names *names, char *message, size_t message_size)
{
	struct seep_journal_header header;
	int own = dup(fd), status = -1;
	FILE *journal = own < 0 || lseek(own, 0, SEEK_SET) < 0 ? NULL : fdopen(own, "r");
	struct stat st;

	if (!journal) {
		if (own >= 0)
			close(own);
		snprintf(message, message_size, "the journal: %s", strerror(errno));
		return -1;
	}
	if (fstat(own, &st) < 0 || !header_get(journal, &header)) {
		snprintf(message, message_size, "this is no journal of a recording");
	} else if (header.trace_checksum != names->trace_checksum) {
		snprintf(message, message_size, "the journal is not this trace's");
	} else if ((uint64_t)st.st_size < header.bytes) {
		snprintf(message, message_size, "the journal is cut: it has %llu bytes, and should have %" PRIu64,
			(unsigned long long)st.st_size, header.bytes);
	} else if (header.generation == names->generation) {
		struct replay p = {.r = r, .journal = journal, .offset = sizeof(header), .end = header.bytes};

		status = replay(&p, header.sum, message, message_size);
	} else if (header.generation + 1 == names->generation) {
		status = 0; /* all of it is in the checkpoint */
	} else {
		snprintf(message, message_size, "the journal belongs to checkpoint %u, but the checkpoint is %u",
			header.generation, names->generation);
	}
	fclose(journal);
	return status;
}

/* ---- The trace ---- */

static int trace_copy(int from, int to, uint64_t bytes)
{
	static char buffer[COPY_BYTES];
	uint64_t at = 0;

	while (at < bytes) {
		size_t count = bytes - at < sizeof(buffer) ? (size_t)(bytes - at) : sizeof(buffer);
		ssize_t got = pread(from, buffer, count, (off_t)at);

		if (got <= 0 || write(to, buffer, (size_t)got) != got) {
			errno = got < 0 || errno ? errno : EIO;
			return -1;
		}
		at += (uint64_t)got;
	}
	return 0;
}

/* No trace has one, and a file of a few bytes could ask for any amount of memory. */
static bool has_hole(int fd, uint64_t bytes)
{
	off_t hole = lseek(fd, 0, SEEK_HOLE);

	return hole >= 0 && (uint64_t)hole < bytes;
}

/* Whether the files belong together. */
static bool is_its_trace(int fd, const struct seep_checkpoint_names *names)
{
	struct seep_trace_frame first;
	struct stat st;

	return pread(fd, &first, sizeof(first), sizeof(struct seep_trace_header)) == sizeof(first) &&
	       first.magic == SEEP_FRAME_MAGIC && first.checksum == names->trace_checksum && fstat(fd, &st) == 0 &&
	       names->place.offset >= sizeof(struct seep_trace_header) + sizeof(first) &&
	       (uint64_t)st.st_size >= names->place.offset && !has_hole(fd, names->place.offset);
}

/* What was dropped is told by the segments' own counters, and one is added for each that was abandoned. */
static void dropped_count_anew(struct seep_drain *d)
{
	d->dropped = 0;
	for (uint32_t i = 0; i < d->segments_known; i++) {
		d->dropped += d->segments[i].abandoned;
		d->segments[i].dropped = 0;
	}
}

/* The program may have been told of more room than the journal accounts for: then something is missing in between. */
static bool is_without_gap(const struct seep_drain *d)
{
	for (uint32_t i = 0; i < d->segments_known; i++)
		if (atomic_load(&d->region->segments[i].tail) > d->segments[i].tail)
			return false;
	return true;
}

static bool went_on(const struct seep_recording *r)
{
	return atomic_load(&r->region.map->state) == SEEP_STATE_STOPPED;
}

static void end_find(const struct seep_recording *r, struct seep_trace_end *end)
{
	*end = (struct seep_trace_end){.how = SEEP_END_UNSEEN, .exit_status = -1};
	/* However it ended later: what it did in between is not here. */
	if (went_on(r) || seep_region_mapped_elsewhere(&r->region)) {
		end->how = SEEP_END_STOPPED;
	} else if (atomic_load(&r->region.map->exit_called)) {
		end->how = SEEP_END_EXITED;
		end->exit_status = atomic_load(&r->region.map->exit_status) & 0xff;
	}
}

static int finish(struct seep_recording *r, char *message, size_t message_size)
{
	struct seep_trace_end end;
	int status;

	end_find(r, &end);
	r->tree.again = false;
	dropped_count_anew(r->drain);
	r->stopped_ns = r->books->now_ns;
	seep_notes_fault(&r->notes, r->books->now_ns,
		"the collector did not come to its end, and the trace was finished from the files that it left beside "
		"it; %s",
		went_on(r) ? "the program went on unrecorded" : "nothing is missing");
	status = seep_recording_collect(r, &end);
	if (status == 0)
		status = seep_recording_complete(r, &end);
	if (seep_recording_is_well(r, status))
		return 0;
	snprintf(message, message_size, "%s", r->message);
	return -1;
}

/* ---- All of it ---- */

static int recover(struct seep_recording *r, const struct seep_recover_files *files, char *message, size_t message_size)
{
	struct seep_checkpoint_names names;
	int out, ring;

	if (seep_checkpoint_names_read(files->books, &names, message, message_size) < 0)
		return -1;
	if (!is_its_trace(files->trace, &names)) {
		snprintf(message, message_size, "the checkpoint is not this trace's");
		return -1;
	}
	ring = dup(files->ring);
	if (ring < 0 ||
		seep_region_adopt(&r->region, ring, names.modules_max, names.nodes_max, names.segments_max) < 0) {
		snprintf(message, message_size, "the ring file is not this trace's, or cut: %s", strerror(errno));
		return -1;
	}
	if (r->region.map->magic != SEEP_WIRE_MAGIC || r->region.map->trace_checksum != names.trace_checksum) {
		snprintf(message, message_size, "the ring file is not this trace's");
		return -1;
	}
	r->books = calloc(1, sizeof(*r->books));
	if (!r->books || seep_books_open(r->books) < 0 || seep_tree_open(&r->tree, &r->region) < 0) {
		snprintf(message, message_size, "out of memory");
		return -1;
	}
	seep_drain_open(r->drain, &r->region, r->books, &r->notes);
	r->stopped = r->tree.again = true;
	if (seep_checkpoint_read(r, files->books, message, message_size) < 0)
		return -1;
	out = dup(files->out);
	if (out < 0 || trace_copy(files->trace, out, names.place.offset) < 0) {
		snprintf(message, message_size, "cannot copy the trace: %s", strerror(errno));
		if (out >= 0)
			close(out);
		return -1;
	}
	if (seep_writer_resume(&r->writer, out, &names.place, message, message_size) < 0 ||
		journal_apply(r, files->journal, &names, message, message_size) < 0)
		return -1;
	if (!is_without_gap(r->drain)) {
		snprintf(message, message_size, "the ring file goes on behind what the journal holds");
		return -1;
	}
	return finish(r, message, message_size);
}

int seep_recover(const struct seep_recover_files *files, char *message, size_t message_size)
{
	const struct seep_settings settings = {0};
	const struct seep_session_setup setup = {.settings = &settings, .report_fds = {-1, -1}};
	struct seep_recording *r = seep_recording_new(&setup);
	int status;

	if (!r) {
		snprintf(message, message_size, "out of memory");
		return -1;
	}
	status = recover(r, files, message, message_size);
	seep_recording_free(r, false); /* the futex in the region is not ours */
	return status;
}

static int file_open(const char *path, int flags, char *message, size_t message_size)
{
	int fd = open(path, flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	if (fd < 0)
		snprintf(message, message_size, "%s: %s", path, strerror(errno));
	return fd;
}

/* Twenty times what honest files take: some that are not can make the books go in circles. It goes by what they take on the disk: a
 * file can have any length without. */
static void time_limit(const struct seep_recover_files *files)
{
	struct stat journal = {.st_blocks = 0}, books = {.st_blocks = 0};
	struct rlimit limit;
	rlim_t seconds;
	sigset_t signals;

	(void)fstat(files->journal, &journal);
	(void)fstat(files->books, &books);
	if (getrlimit(RLIMIT_CPU, &limit) < 0)
		return;
	seconds = SECONDS_FREE +
		  ((rlim_t)journal.st_blocks + (rlim_t)books.st_blocks) / (BYTES_A_SECOND / STAT_BLOCK_BYTES);
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > seconds)
		limit.rlim_cur = seconds;
	(void)setrlimit(RLIMIT_CPU, &limit);
	/* Whoever asked may ignore it. */
	signal(SIGXCPU, SIG_DFL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGXCPU);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

int seep_recover_trace(const char *trace, int out, char *message, size_t message_size)
{
	char name[SEEP_BESIDE_PATH];
	struct seep_recover_files files = {-1, -1, -1, -1, out};
	int *const fds[] = {[SEEP_BESIDE_BOOKS] = &files.books,
		[SEEP_BESIDE_JOURNAL] = &files.journal,
		[SEEP_BESIDE_RING] = &files.ring};
	int status = -1;

	files.trace = file_open(trace, 0, message, message_size);
	if (files.trace >= 0) {
		status = 0;
		for (int i = 0; i < 3 && status == 0; i++) {
			/* Those beside it are what a collector made there, and no links to elsewhere. */
			seep_beside_name(trace, (enum seep_beside)i, name);
			*fds[i] = file_open(name, O_NOFOLLOW, message, message_size);
			status = *fds[i] < 0 ? -1 : 0;
		}
		if (status == 0) {
			time_limit(&files);
			status = seep_recover(&files, message, message_size);
		}
		for (int i = 0; i < 3; i++)
			if (*fds[i] >= 0)
				close(*fds[i]);
		close(files.trace);
	}
	return status;
}

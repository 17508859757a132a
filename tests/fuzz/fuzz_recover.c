/* SPDX-License-Identifier: Apache-2.0
 *
 * A collector of a durable trace that is killed. An input is a list of steps of its program, honest or forged, with checkpoints; behind a
 * STEP_CHECKPOINT + 1 come changes to the files that it leaves: {file, offset, length, bytes}.
 *   - After honest steps the recovered trace has the very figures that the recording comes to if it is finished by itself.
 *   - Whatever the steps and the changes were, the recovery comes to an end, and what it makes is whole.
 */
#include <fcntl.h>
#include <xxhash.h>

#include "beside.h"
#include "checkpoint.h"
#include "durable.h"
#include "hostile_program.h"
#include "recover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* In memory, with a file system around it: what has a name there can be locked, mapped and replaced. */
static const char *folder(void)
{
	static char path[64];

	if (!*path) {
		snprintf(path, sizeof(path), "/dev/shm/seep-fuzz-%d", (int)getpid());
		require(mkdir(path, 0700) == 0);
	}
	return path;
}

static int file_open(const char *trace, enum seep_beside file, int flags)
{
	char path[SEEP_BESIDE_PATH];
	int fd;

	seep_beside_name(trace, file, path);
	fd = open(path, flags | O_CLOEXEC);
	require(fd >= 0);
	return fd;
}

/* Returns a descriptor of what was recovered, or -1. */
static int recover(const char *trace)
{
	struct seep_recover_files files = {open(trace, O_RDONLY | O_CLOEXEC),
		file_open(trace, SEEP_BESIDE_RING, O_RDONLY), file_open(trace, SEEP_BESIDE_JOURNAL, O_RDONLY),
		file_open(trace, SEEP_BESIDE_BOOKS, O_RDONLY), memfd_create("out", MFD_CLOEXEC)};
	char message[5000] = "";
	int status;

	require(files.trace >= 0 && files.out >= 0);
	status = seep_recover(&files, message, sizeof(message));
	require(status == 0 || *message);
	close(files.trace);
	close(files.ring);
	close(files.journal);
	close(files.books);
	if (status == 0)
		return files.out;
	close(files.out);
	return -1;
}

static void require_equal(const struct seep_trace_end *a, const struct seep_trace_end *b)
{
	require(a->allocations == b->allocations && a->allocated_bytes == b->allocated_bytes && a->frees == b->frees &&
		a->freed_bytes == b->freed_bytes && a->unknown_frees == b->unknown_frees &&
		a->unfreed_count == b->unfreed_count && a->unfreed_bytes == b->unfreed_bytes &&
		a->peak_live_bytes == b->peak_live_bytes && a->dropped_events == b->dropped_events);
}

/* So that a changed checkpoint is looked into. */
static void sum_repair(int fd)
{
	uint8_t bytes[1 << 16];
	ssize_t size = pread(fd, bytes, sizeof(bytes), 0);
	uint64_t sum;

	if (size < 8 || size == sizeof(bytes))
		return;
	sum = XXH64(bytes, (size_t)size - sizeof(sum), 0);
	require(pwrite(fd, &sum, sizeof(sum), size - (off_t)sizeof(sum)) == sizeof(sum));
}

static uint32_t rest_units(const struct seep_wire_unit *head)
{
	switch (head->a >> SEEP_WIRE_KIND_SHIFT) {
	case SEEP_JOURNAL_UNITS:
	case SEEP_JOURNAL_ASIDES:
		return head->a >> 32 & 0xffffff;
	case SEEP_JOURNAL_FOLD:
		return 2;
	case SEEP_JOURNAL_EPOCH:
		return 1;
	default:
		return 0;
	}
}

/* The same for the journal. */
static void journal_sum_repair(int fd)
{
	static struct seep_wire_unit units[1 << 16];
	struct seep_journal_header header;
	uint32_t count, at = 0, rest;
	ssize_t size;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return;
	size = pread(fd, units, sizeof(units), sizeof(header));
	if (size < 0 || header.bytes < sizeof(header))
		return;
	if (header.bytes - sizeof(header) < (uint64_t)size)
		size = (ssize_t)(header.bytes - sizeof(header));
	count = (uint32_t)((size_t)size / sizeof(*units));
	header.sum = 0;
	while (at < count) {
		rest = rest_units(&units[at]);
		header.sum = seep_journal_sum(header.sum, &units[at++], 1);
		if (rest > count - at)
			break;
		header.sum = seep_journal_sum(header.sum, &units[at], rest);
		at += rest;
	}
	require(pwrite(fd, &header, sizeof(header), 0) == sizeof(header));
}

static void files_change(const char *trace, struct input *in)
{
	int books = file_open(trace, SEEP_BESIDE_BOOKS, O_RDWR);
	int journal = file_open(trace, SEEP_BESIDE_JOURNAL, O_RDWR);

	while (in->left) {
		uint8_t file, length, bytes[255];
		struct stat st;
		off_t at;

		take(in, &file, 1);
		require(fstat(file % 2 ? books : journal, &st) == 0);
		at = take_number(in, st.st_size < UINT16_MAX ? (uint32_t)st.st_size + 1 : UINT16_MAX);
		take(in, &length, 1);
		take(in, bytes, length);
		if (file & 0x80)
			require(ftruncate(file % 2 ? books : journal, at) == 0);
		else
			require(pwrite(file % 2 ? books : journal, bytes, length, at) == length);
	}
	sum_repair(books);
	journal_sum_repair(journal);
	close(books);
	close(journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seep_settings settings = {.depth_limit = 128, .durable = true};
	const struct seep_session_setup setup = {.settings = &settings, .report_fds = {-1, -1}};
	struct input in = {.at = data, .left = size};
	char trace[100], ring[SEEP_BESIDE_PATH];
	struct seep_trace_end recovered, finished;
	struct seep_recording *r;
	bool honest = true;
	int fd, whole;

	snprintf(trace, sizeof(trace), "%s/t", folder());
	fd = open(trace, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	require(fd >= 0);
	r = start(&setup, dup(fd), trace);
	snprintf(r->path, sizeof(r->path), "%s", trace);
	require(seep_durable_start(r) == 0);
	while (in.left) {
		uint8_t step;

		take(&in, &step, 1);
		step %= STEP_CHECKPOINT + 2;
		if (step == STEP_CHECKPOINT + 1)
			break;
		if (step == STEP_CHECKPOINT) {
			require(seep_durable_checkpoint(r) == 0);
			continue;
		}
		honest = honest && (step <= STEP_MARK || step == STEP_ROUND || step == STEP_EPOCH);
		step_take(r, &in, (enum step)step);
	}
	whole = recover(trace);
	require(whole >= 0 || !honest);
	if (whole >= 0)
		recovered = read_back(whole);
	finish(r);
	finished = read_back(fd);
	if (honest)
		require_equal(&recovered, &finished);
	if (whole >= 0)
		close(whole);
	files_change(trace, &in);
	whole = recover(trace);
	if (whole >= 0) {
		(void)read_back(whole);
		close(whole);
	}
	close(fd);
	require(unlink(trace) == 0);
	for (unsigned i = 0; i < 3; i++) {
		seep_beside_name(trace, (enum seep_beside)i, ring);
		(void)unlink(ring);
	}
	return 0;
}

/* Honest programs with checkpoints, and one change. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	if (size < 8 && max_size >= 64) {
		uint8_t program[1024];
		size_t count = honest_program(program, max_size < sizeof(program) ? max_size : sizeof(program), seed),
		       used = 0;

		for (size_t i = 0; i < count && used + 8 < max_size; i++) {
			if (i && program[i - 1] == STEP_ROUND && seed % 3 == i % 3)
				data[used++] = STEP_CHECKPOINT;
			data[used++] = program[i];
		}
		data[used++] = STEP_CHECKPOINT + 1;
		data[used++] = (uint8_t)seed;
		data[used++] = (uint8_t)(seed >> 8);
		data[used++] = 0;
		data[used++] = 1;
		data[used++] = (uint8_t)(seed >> 16);
		return used;
	}
	return LLVMFuzzerMutate(data, size, max_size);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Feeds the reader, and everything that a report does with what was read, with mutated traces. Checksums and compression
 * would stop nearly every mutation at the door, so most are made inside of frames, which are then packed and
 * checksummed again; the rest hit the file as it is. No symbols: their reading of ELF files has a fuzzer of its own.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "folded.h"
#include "history.h"
#include "json.h"
#include "naming.h"
#include "reader.h"
#include "report.h"
#include "seep/trace.h"
#include "text.h"

#define FRAMES_MAX 64
#define RAW_MAX ((size_t)256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void require(int result)
{
	if (result < 0)
		abort();
}

static int visit(void *context, size_t epoch, const struct seep_trace_site *record)
{
	*(uint64_t *)context += epoch + record->live.bytes;
	return 0;
}

static void report_on(struct seep_trace *trace, const struct seep_naming *naming, enum seep_by by, enum seep_sort sort)
{
	static FILE *nowhere;
	static const char *const filters[] = {"function:*", "module:?*", "function:x*"};
	struct seep_report_options options = {.by = by, .sort = sort, .limit = 5, .filters = filters};
	const struct seep_text_options text = {.stacks = 5, .depth = 20};
	struct seep_report *report;
	struct seep_error error;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	options.all = sort == SEEP_SORT_ALLOCATED;
	options.filter_count = sort == SEEP_SORT_PEAK ? 3 : 0;
	const struct seep_output output = {.stream = nowhere, .width = 80};

	require(seep_report_build(&report, trace, naming, &options, &error));
	require(seep_text_write(&output, report, &text));
	if (by == SEEP_BY_SITE) {
		require(seep_json_write(nowhere, report, NULL));
		require(seep_folded_write(nowhere, report));
	}
	seep_report_free(report);
}

static void report_one(struct seep_trace *trace, size_t size)
{
	static struct seep_naming naming; /* wrappers and components are read once */
	struct seep_error error;

	if (!naming.wrappers) {
		require(seep_wrappers_open(&naming.wrappers, NULL, &error));
		require(seep_components_open(&naming.components, "/dev/null", naming.wrappers, &error));
	}
	require(seep_symbols_open(&naming.symbols, NULL, NULL, 0, &error));
	if (size % 3 == 0) /* one kind of report for each input: that is three times as many inputs */
		report_on(trace, &naming, SEEP_BY_SITE, SEEP_SORT_ALLOCATED);
	else if (size % 3 == 1)
		report_on(trace, &naming, SEEP_BY_SITE, SEEP_SORT_PEAK);
	else
		report_on(trace, &naming, SEEP_BY_FUNCTION, SEEP_SORT_UNFREED);
	seep_symbols_close(naming.symbols);
}

/* FUZZ_ONLY=reader in the environment leaves the reports out: ten times as many inputs in the same time. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *only = "";
	struct seep_trace *trace;
	struct seep_error error;
	uint64_t sum = 0;

	if (only && !*only)
		only = getenv("FUZZ_ONLY");
	if (seep_trace_read_memory(&trace, "fuzz", data, size, &error) < 0)
		return 0;
	if (!only || strcmp(only, "reader") != 0)
		report_one(trace, size);
	seep_history_walk(trace, 0, visit, &sum, &error);
	seep_trace_free(trace);
	return 0;
}

/* ---- The mutator ---- */

struct frame {
	size_t offset;
	struct seep_trace_frame head;
};

static size_t find_frames(const uint8_t *data, size_t size, struct frame frames[FRAMES_MAX])
{
	size_t at = sizeof(struct seep_trace_header), n = 0;

	while (n < FRAMES_MAX && size >= at + sizeof(frames[n].head)) {
		memcpy(&frames[n].head, data + at, sizeof(frames[n].head));
		if (frames[n].head.magic != SEEP_FRAME_MAGIC ||
			frames[n].head.stored_bytes > size - at - sizeof(frames[n].head))
			break;
		frames[n].offset = at;
		at += sizeof(frames[n].head) + frames[n].head.stored_bytes;
		n++;
	}
	return n;
}

/* Puts `bytes` in place of [offset, offset + old_bytes). Returns the new size, or 0 where there is no room. */
static size_t replace(uint8_t *data, size_t size, size_t max_size, size_t offset, size_t old_bytes, const void *bytes,
	size_t new_bytes)
{
	if (size - old_bytes + new_bytes > max_size)
		return 0;
	memmove(data + offset + new_bytes, data + offset + old_bytes, size - offset - old_bytes);
	memcpy(data + offset, bytes, new_bytes);
	return size - old_bytes + new_bytes;
}

/* Gives a frame the checksum that it should have. */
static void sign(uint8_t *frame)
{
	XXH64_state_t *state = XXH64_createState();
	struct seep_trace_frame head;

	memcpy(&head, frame, sizeof(head));
	XXH64_reset(state, 0);
	XXH64_update(state, frame, offsetof(struct seep_trace_frame, checksum));
	XXH64_update(state, frame + sizeof(head), head.stored_bytes);
	head.checksum = XXH64_digest(state);
	XXH64_freeState(state);
	memcpy(frame, &head, sizeof(head));
}

/* Mutates what a frame holds, or what its head says, and makes it whole again. */
static size_t mutate_frame(uint8_t *data, size_t size, size_t max_size, const struct frame *f, unsigned seed)
{
	static uint8_t raw[RAW_MAX], packed[sizeof(struct seep_trace_frame) + ZSTD_COMPRESSBOUND(RAW_MAX)];
	struct seep_trace_frame head = f->head;
	size_t raw_bytes, stored;

	raw_bytes = ZSTD_decompress(raw, sizeof(raw), data + f->offset + sizeof(head), head.stored_bytes);
	if (ZSTD_isError(raw_bytes))
		return 0;
	if (seed % 8 == 0)
		LLVMFuzzerMutate((uint8_t *)&head.kind, 16, 16); /* kind, sequence, entries, raw_bytes */
	else
		raw_bytes = LLVMFuzzerMutate(raw, raw_bytes, sizeof(raw));
	if (seed % 16 == 1)
		head.entries = (uint32_t)(raw_bytes / 16);
	if (seed % 8)
		head.raw_bytes = (uint32_t)raw_bytes;
	stored = ZSTD_compress(packed + sizeof(head), sizeof(packed) - sizeof(head), raw, raw_bytes, 1);
	if (ZSTD_isError(stored))
		return 0;
	head.stored_bytes = (uint32_t)stored;
	memcpy(packed, &head, sizeof(head));
	sign(packed);
	return replace(
		data, size, max_size, f->offset, sizeof(head) + f->head.stored_bytes, packed, sizeof(head) + stored);
}

/* Says a frame twice, or not at all; the sequence is set right, so that this is seen as content. */
static size_t shift_frames(uint8_t *data, size_t size, size_t max_size, const struct frame *f, unsigned seed)
{
	struct frame frames[FRAMES_MAX];
	size_t bytes = sizeof(f->head) + f->head.stored_bytes, n;
	uint8_t *copy = malloc(bytes);

	memcpy(copy, data + f->offset, bytes);
	if (seed % 2)
		size = replace(data, size, max_size, f->offset, 0, copy, bytes);
	else
		size = replace(data, size, max_size, f->offset, bytes, copy, 0);
	free(copy);
	n = size ? find_frames(data, size, frames) : 0;
	for (size_t i = 0; i < n; i++) {
		frames[i].head.sequence = (uint32_t)i;
		memcpy(data + frames[i].offset, &frames[i].head, sizeof(frames[i].head));
		sign(data + frames[i].offset);
	}
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct frame frames[FRAMES_MAX];
	size_t n = find_frames(data, size, frames), mutated = 0;
	unsigned choice = seed % 16;

	if (n && choice < 12)
		mutated = mutate_frame(data, size, max_size, &frames[seed / 16 % n], seed / 1024);
	else if (n && choice < 14)
		mutated = shift_frames(data, size, max_size, &frames[seed / 16 % n], seed / 1024);
	return mutated ? mutated : LLVMFuzzerMutate(data, size, max_size);
}

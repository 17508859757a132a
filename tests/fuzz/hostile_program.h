/* SPDX-License-Identifier: Apache-2.0
 *
 * hostile_program.h: a traced program that may write anything into the shared memory, and the collector at its other end, in one
 * process. An input is a list of steps. For fuzz_wire.c and fuzz_recover.c.
 */
#ifndef SEEP_TESTS_HOSTILE_PROGRAM_H
#define SEEP_TESTS_HOSTILE_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "recording.h"

#include "frames.h"
#include "seep/trace.h"
#include "seep/wire.h"

#define SPACE (UINT64_C(32) << 20) /* of the program: a quarter is the region's, which is then as small as it gets */
#define THREADS 4u

enum step {
	STEP_ALLOC,
	STEP_FREE,
	STEP_MARK,
	STEP_UNITS,
	STEP_YOUNG,
	STEP_FOLD,
	STEP_MODULE,
	STEP_NODE,
	STEP_COUNTS,
	STEP_HEAD,
	STEP_DROPPED,
	STEP_HEADER,
	STEP_ROUND,
	STEP_EPOCH,
	STEPS,
	STEP_CHECKPOINT = STEPS, /* of fuzz_recover only */
};

struct input {
	const uint8_t *at;
	size_t left;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* What the input has no bytes for is 0. */
static void take(struct input *in, void *to, size_t bytes)
{
	size_t there = bytes < in->left ? bytes : in->left;

	memset(to, 0, bytes);
	memcpy(to, in->at, there);
	in->at += there;
	in->left -= there;
}

static uint32_t take_number(struct input *in, uint32_t below)
{
	uint16_t number;

	take(in, &number, sizeof(number));
	return number % below;
}

/* ---- The program ---- */

static void push(struct seep_wire_segment *s, const struct seep_wire_unit *units, uint32_t count)
{
	uint64_t head = atomic_load(&s->head);

	for (uint32_t i = 0; i < count; i++)
		s->ring[(head + i) % SEEP_WIRE_RING_UNITS] = units[i];
	atomic_store(&s->head, head + count);
}

static _Atomic uint64_t *shard_of(struct seep_wire_region *map, uint64_t address)
{
	return (_Atomic uint64_t *)((char *)map + map->shards_offset) + seep_wire_shard(address);
}

static void alloc_or_free(struct seep_region *r, struct seep_wire_segment *s, struct input *in, enum step step)
{
	uint64_t address = 0x1000 + 16 * (uint64_t)take_number(in, 64);
	struct seep_wire_unit units[2] = {{.b = atomic_load(shard_of(r->map, address))}};

	if (step == STEP_ALLOC) {
		units[0].a = (uint64_t)SEEP_RECORD_ALLOC << SEEP_WIRE_KIND_SHIFT | address;
		units[1].a = take_number(in, 5000);
		units[1].b = take_number(in, 8);
		push(s, units, 2);
	} else {
		units[0].a = (uint64_t)SEEP_RECORD_FREE << SEEP_WIRE_KIND_SHIFT | address;
		units[0].b = atomic_fetch_add(shard_of(r->map, address), 1);
		push(s, units, 1);
	}
}

static void mark(struct seep_wire_segment *s, struct input *in)
{
	struct seep_wire_unit units[1 + SEEP_WIRE_MARK_BYTES / 16] = {{0}};
	uint32_t bytes = take_number(in, SEEP_WIRE_MARK_BYTES + 1);

	units[0].a = (uint64_t)SEEP_RECORD_MARK << SEEP_WIRE_KIND_SHIFT | bytes;
	units[0].b = take_number(in, UINT16_MAX);
	take(in, units + 1, bytes);
	push(s, units, 1 + (bytes + 15) / 16);
}

static void forge_units(struct seep_wire_segment *s, struct input *in)
{
	struct seep_wire_unit units[16];
	uint32_t count = 1 + take_number(in, 16);

	take(in, units, count * sizeof(*units));
	push(s, units, count);
}

static void forge_counts(struct seep_region *r, struct input *in)
{
	uint32_t counts[3];

	take(in, counts, sizeof(counts));
	atomic_store(&r->map->modules_used, counts[0]);
	atomic_store(&r->map->nodes_used, counts[1]);
	atomic_store(&r->map->segments_used, counts[2]);
}

/* Any of the words that the shim writes or looks at, and what is behind them in their page. */
static void forge_header(struct seep_region *r, struct input *in)
{
	size_t from = offsetof(struct seep_wire_region, state) + take_number(in, 1024);

	take(in, (char *)r->map + from, 1 + take_number(in, 64));
}

static void write_step(struct seep_region *r, struct input *in, enum step step)
{
	struct seep_wire_segment *s = &r->segments[take_number(in, THREADS)];
	uint64_t value;

	if (step == STEP_ALLOC || step == STEP_FREE) {
		alloc_or_free(r, s, in, step);
	} else if (step == STEP_MARK) {
		mark(s, in);
	} else if (step == STEP_UNITS) {
		forge_units(s, in);
	} else if (step == STEP_YOUNG) {
		take(in, (void *)&s->nursery[take_number(in, SEEP_WIRE_NURSERY)], sizeof(s->nursery[0]));
	} else if (step == STEP_FOLD) {
		take(in, (void *)&s->folds[take_number(in, SEEP_WIRE_FOLDS)], sizeof(s->folds[0]));
	} else if (step == STEP_MODULE) {
		take(in, (void *)&r->modules[take_number(in, 8)], sizeof(r->modules[0]));
	} else if (step == STEP_NODE) {
		take(in, (void *)&r->nodes[take_number(in, 16)], sizeof(r->nodes[0]));
	} else if (step == STEP_COUNTS) {
		forge_counts(r, in);
	} else if (step == STEP_HEADER) {
		forge_header(r, in);
	} else {
		take(in, &value, sizeof(value));
		atomic_store(step == STEP_HEAD ? &s->head : &s->dropped, value);
	}
}

/* ---- The collector ---- */

/* path: the trace's, which has its region beside it; NULL: that is in memory only. */
static struct seep_recording *start(const struct seep_session_setup *setup, int trace, const char *path)
{
	struct seep_region_place place = {.trace = path};

	struct seep_recording *r = seep_recording_new(setup);
	const struct seep_trace_process process = {.pid = 1, .depth_limit = 128, .tick_ns = SEEP_WIRE_TICK_NS};
	uint8_t raw[sizeof(process) + 4] = {0};

	require(r && (r->books = malloc(sizeof(*r->books))) && seep_books_open(r->books) == 0);
	memcpy(raw, &process, sizeof(process));
	memcpy(raw + sizeof(process), "a\0/", 4);
	memcpy(r->process.executable, "a", 2);
	r->start_ns = seep_clock_ns();
	r->epoch.first_ns = 1000000000;
	require(seep_writer_open(&r->writer, trace, r->message, sizeof(r->message)) == 0);
	require(seep_writer_frame(r->writer, SEEP_FRAME_PROCESS, 1, raw, sizeof(raw)) == 0);
	require(seep_durable_begin(r) == 0);
	place.trace_checksum = r->durable.trace_checksum;
	require(seep_region_open(&r->region, setup->settings, SPACE, "x", path ? &place : NULL, r->message,
			sizeof(r->message)) == 0);
	seep_drain_open(r->drain, &r->region, r->books, &r->notes);
	require(seep_tree_open(&r->tree, &r->region) == 0);
	atomic_store(&r->region.map->nodes_used, 8);
	atomic_store(&r->region.map->segments_used, THREADS);
	return r;
}

static void finish(struct seep_recording *r)
{
	struct seep_trace_end end = {.how = SEEP_END_EXITED};

	require(seep_recording_collect(r, &end) == 0);
	seep_region_unmap(&r->region);
	require(seep_recording_complete(r, &end) == 0);
	require(!r->books->failed && !r->drain->failed);
	seep_recording_free(r, true);
}

/* All frames are whole, up to the last, which is given. */
static struct seep_trace_end read_back(int fd)
{
	struct seep_trace_end end = {.how = 0};
	struct seep_payload payload = {.kind = 0};
	struct seep_frames *frames = NULL;
	uint32_t last = 0;
	struct stat st;
	void *bytes;

	require(fstat(fd, &st) == 0);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	require(bytes != MAP_FAILED && seep_frames_open_memory(&frames, "wire", bytes, (size_t)st.st_size, NULL) == 0);
	while (seep_frames_next(frames, &payload, NULL) > 0)
		if ((last = payload.kind) == SEEP_FRAME_END)
			memcpy(&end, payload.raw, sizeof(end));
	require(last == SEEP_FRAME_END && seep_frames_health(frames)->torn_at == UINT64_MAX &&
		seep_frames_health(frames)->damaged_at == UINT64_MAX);
	seep_frames_close(frames);
	munmap(bytes, (size_t)st.st_size);
	return end;
}

/* One step, and what it writes. */
static void step_take(struct seep_recording *r, struct input *in, enum step step)
{
	if (step == STEP_ROUND)
		(void)seep_recording_round(r);
	else if (step == STEP_EPOCH)
		require(seep_recording_epoch(r, 0) == 0);
	else
		write_step(&r->region, in, step);
}

/* The corpus begins with honest programs: allocations and frees in turn, marks, and rounds in between. */
static size_t honest_program(uint8_t *data, size_t max_size, unsigned seed)
{
	size_t used = 0;

	for (unsigned i = 0; i < 40 && used + 9 <= max_size; i++) {
		uint8_t step = (uint8_t)(i % 8 == 7 ? STEP_ROUND : i % 2 ? STEP_FREE : STEP_ALLOC);
		const uint8_t bytes[9] = {
			step, (uint8_t)(seed >> i % 16), 0, (uint8_t)(i / 2), 0, 100, 0, (uint8_t)(i % 8), 0};
		size_t count = step == STEP_ROUND ? 1 : step == STEP_FREE ? 5 : 9;

		memcpy(data + used, bytes, count);
		used += count;
	}
	return used;
}

#endif

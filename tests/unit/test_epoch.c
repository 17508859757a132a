/* SPDX-License-Identifier: Apache-2.0
 *
 * What does not fit into one frame, how many epochs a long trace has, and the order of live blocks: collector/epoch.c, live.c,
 * tree.c and notes.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "books.h"
#include "epoch.h"
#include "live.h"
#include "notes.h"
#include "support_producer.h"
#include "support_trace.h"
#include "tree.h"
#include "writer.h"

#include "seep/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct seep_books books;
static struct seep_writer *writer;
static int file;
static uint64_t read_offset;

static int everything_make(void **state)
{
	char message[100];

	(void)state;
	file = memfd_create("trace", MFD_CLOEXEC);
	read_offset = sizeof(struct seep_trace_header);
	return seep_books_open(&books) < 0 || seep_writer_open(&writer, dup(file), message, sizeof(message)) < 0;
}

static int everything_remove(void **state)
{
	(void)state;
	seep_writer_close(writer);
	close(file);
	seep_books_close(&books);
	return 0;
}

/* The next frame; NULL: there is none. The caller frees it. */
static void *next_frame(struct seep_trace_frame *frame)
{
	size_t bytes;
	void *stored, *payload;

	if (pread(file, frame, sizeof(*frame), (off_t)read_offset) == 0)
		return NULL;
	stored = malloc(frame->stored_bytes);
	assert_int_equal(
		pread(file, stored, frame->stored_bytes, (off_t)(read_offset + sizeof(*frame))), frame->stored_bytes);
	payload = trace_payload(frame, stored, &bytes);
	read_offset += sizeof(*frame) + frame->stored_bytes;
	free(stored);
	return payload;
}

static void tell(uint16_t kind, uint64_t address, uint64_t order, uint64_t bytes, uint32_t stack, uint32_t birth)
{
	struct seep_event e = {.kind = kind,
		.address = address,
		.order = order,
		.bytes = bytes,
		.stack = stack,
		.tag = (uint16_t)(stack % 3),
		.birth = birth};

	seep_books_apply(&books, &e, 1);
}

/* An epoch is shown before its end, twice, and then written: as if it had not been shown. */
static void a_preview_leaves_nothing_behind(void **state)
{
	struct seep_epoch epoch = {.first_ns = 1000};
	struct seep_writer_place place = seep_writer_place(writer);
	struct seep_trace_frame frame;
	const struct seep_trace_site *site;
	struct seep_trace_epoch head;
	uint8_t *raw;

	(void)state;
	for (unsigned round = 1; round <= 2; round++) {
		tell(SEEP_EVENT_ALLOC, 0x1000 + 16 * (uint64_t)round, 0, 100, 3, 0);
		books.now_ns = 1000 * round;
		assert_int_equal(seep_epoch_preview(&epoch, &books, 0, 0, writer), 0);
		assert_true(seep_writer_offset(writer) - place.offset <= seep_epoch_bytes_at_most(&books));
		read_offset = place.offset;
		raw = next_frame(&frame);
		memcpy(&head, raw, sizeof(head));
		assert_int_equal(head.end_ns, 1000 * round);
		assert_int_equal(head.live_count, round);
		free(raw);
		assert_int_equal(seep_writer_return(writer, &place), 0);
	}
	books.now_ns = 5000;
	assert_int_equal(seep_epoch_write(&epoch, &books, 0, 0, writer), 0);
	read_offset = place.offset;
	raw = next_frame(&frame);
	site = (struct seep_trace_site *)(raw + sizeof(head));
	assert_int_equal(frame.sequence, 0);
	assert_int_equal(frame.entries, 1);
	assert_int_equal(site->allocated.count, 2);
	free(raw);
	assert_null(next_frame(&frame));
}

static void a_crowded_epoch_goes_on_in_further_frames(void **state)
{
	const uint32_t sites = 250000;
	struct seep_epoch epoch = {.first_ns = 1000};
	struct seep_trace_epoch head, first_head;
	struct seep_trace_frame frame;
	uint32_t seen = 0, frames = 0;
	uint8_t *raw;

	(void)state;
	for (uint32_t i = sites; i > 0; i--)
		tell(SEEP_EVENT_ALLOC, 0x1000 + 16 * (uint64_t)i, 0, i, i, 0);
	books.now_ns = 5000;
	assert_int_equal(seep_epoch_write(&epoch, &books, 7, 8, writer), 0);
	while ((raw = next_frame(&frame))) {
		const struct seep_trace_site *site = (struct seep_trace_site *)(raw + sizeof(head));

		assert_int_equal(frame.kind, SEEP_FRAME_EPOCH);
		memcpy(&head, raw, sizeof(head));
		if (frames++ == 0)
			first_head = head;
		assert_memory_equal(&head, &first_head, sizeof(head));
		for (uint32_t i = 0; i < frame.entries; i++, seen++) {
			assert_int_equal(site[i].stack, seen + 1);
			assert_int_equal(site[i].tag, (seen + 1) % 3);
			assert_int_equal(site[i].allocated.count, 1);
			assert_int_equal(site[i].allocated.bytes, seen + 1);
		}
		free(raw);
	}
	assert_true(frames > 1);
	assert_int_equal(seen, sites);
	assert_int_equal(first_head.end_ns, 5000);
	assert_int_equal(first_head.dropped_events, 7);
	assert_int_equal(first_head.live_count, sites);
	/* Nothing happened since: the next one lists nobody, and counts only new losses. */
	books.now_ns = 6000;
	assert_int_equal(seep_epoch_write(&epoch, &books, 9, 8, writer), 0);
	raw = next_frame(&frame);
	memcpy(&head, raw, sizeof(head));
	assert_int_equal(frame.entries, 0);
	assert_int_equal(head.number, 1);
	assert_int_equal(head.start_ns, 5000);
	assert_int_equal(head.dropped_events, 2);
	assert_int_equal(head.live_count, sites);
	free(raw);
}

static void a_week_has_some_five_hundred_epochs(void **state)
{
	const uint64_t second = 1000000000, week = 7 * 24 * 3600 * second;
	struct seep_epoch epoch = {.first_ns = second};
	unsigned in_the_first_minute = 0, total = 0;

	(void)state;
	while (epoch.start_ns < week) {
		epoch.start_ns = seep_epoch_end_ns(&epoch);
		total++;
		in_the_first_minute += epoch.start_ns <= 48 * second;
	}
	assert_int_equal(in_the_first_minute, 48);
	assert_in_range(total, 400, 550);
}

/* Each block comes twice, a tick apart, but in the same hundred of ticks, between whose borders births are not told apart. */
static void live_blocks_are_sorted_over_all_frames(void **state)
{
	const uint32_t entries = 600000;
	struct seep_trace_frame frame;
	uint64_t count = 0, bytes = 0;
	uint64_t before[4] = {0};
	uint32_t frames = 0;
	uint8_t *raw;

	(void)state;
	for (uint32_t tick = 4900; tick; tick -= 100)
		seep_cohorts_add_mark(&books.cohorts, tick);
	for (uint32_t i = 0; i < 2 * entries; i++) {
		uint32_t number = i % entries;

		tell(SEEP_EVENT_ALLOC, 0x1000 + 16 * (uint64_t)i, 0, number, 1 + number * 7 % 1000,
			number * 31 % 2500 * 2 + i / entries);
	}
	seep_books_settle(&books);
	assert_int_equal(seep_live_write(&books, writer), 0);
	while ((raw = next_frame(&frame))) {
		const uint64_t *blocks = (uint64_t *)(raw + sizeof(struct seep_trace_live));
		const uint64_t *size = blocks + frame.entries;
		const uint32_t *stack = (uint32_t *)(size + frame.entries), *tag = stack + frame.entries;
		const uint32_t *birth = tag + frame.entries;

		frames++;
		assert_int_equal(frame.kind, SEEP_FRAME_LIVE);
		assert_int_equal(frame.raw_bytes, sizeof(struct seep_trace_live) + 28 * (size_t)frame.entries);
		for (uint32_t i = 0; i < frame.entries; i++) {
			uint32_t number = (uint32_t)size[i], at = 0;
			uint64_t now[4] = {stack[i], tag[i], birth[i], size[i]};

			assert_int_equal(blocks[i], 2);
			assert_int_equal(stack[i], 1 + number * 7 % 1000);
			assert_int_equal(tag[i], stack[i] % 3);
			assert_int_equal(birth[i], number * 31 % 2500 * 2 / 100 * 100);
			while (at < 3 && now[at] == before[at])
				at++;
			assert_true(now[at] > before[at]);
			memcpy(before, now, sizeof(now));
			count++;
			bytes += size[i];
		}
		free(raw);
	}
	assert_int_equal(frames, 2);
	assert_int_equal(count, entries);
	assert_int_equal(bytes, (uint64_t)entries * (entries - 1) / 2);
}

static void births_are_those_of_the_last_border(void **state)
{
	struct seep_cohorts c = {0};

	(void)state;
	assert_int_equal(seep_cohorts_floor(&c, 0), 0);
	assert_int_equal(seep_cohorts_floor(&c, UINT32_MAX), 0);
	seep_cohorts_add_epoch(&c, 100);
	seep_cohorts_add_mark(&c, 103);
	seep_cohorts_add_mark(&c, 102); /* another thread's, which comes later */
	seep_cohorts_add_epoch(&c, 100);
	seep_cohorts_add_mark(&c, 200);
	assert_int_equal(seep_cohorts_floor(&c, 99), 0);
	assert_int_equal(seep_cohorts_floor(&c, 100), 100);
	assert_int_equal(seep_cohorts_floor(&c, 101), 100);
	assert_int_equal(seep_cohorts_floor(&c, 102), 102);
	assert_int_equal(seep_cohorts_floor(&c, 199), 103);
	assert_int_equal(seep_cohorts_floor(&c, UINT32_MAX), 200);
	/* Marks without end take no memory without end; epochs go on. */
	for (uint32_t tick = 1000; tick < 1000 + 2 * SEEP_COHORTS_MARKS_MAX; tick++)
		seep_cohorts_add_mark(&c, tick);
	assert_true(c.used <= SEEP_COHORTS_MARKS_MAX + 3);
	assert_int_equal(seep_cohorts_floor(&c, UINT32_MAX), 1000 + SEEP_COHORTS_MARKS_MAX - 4);
	seep_cohorts_add_epoch(&c, 2000000);
	assert_int_equal(seep_cohorts_floor(&c, 2000001), 2000000);
	seep_cohorts_close(&c);
	assert_int_equal(seep_cohorts_floor(&c, 2000001), 0);
}

static void stacks_and_modules_are_written_once(void **state)
{
	struct seep_settings settings = {.depth_limit = 64};
	struct seep_region region;
	struct seep_notes notes = {0};
	struct seep_trace_frame frame;
	struct seep_trace_stacks head;
	struct seep_tree tree;
	char message[200];
	uint8_t *raw;

	(void)state;
	assert_int_equal(seep_region_open(&region, &settings, UINT64_MAX, "", NULL, message, sizeof(message)), 0);
	assert_int_equal(seep_tree_open(&tree, &region), 0);
	producer_module(region.map, "", 0x1000, 0x2000);
	for (uint32_t i = 0; i < 600000; i++)
		producer_node(region.map, i, 1, i);
	assert_int_equal(seep_tree_write(&tree, &region, "/the/program", &notes, 5, writer), 0);
	raw = next_frame(&frame);
	assert_int_equal(frame.kind, SEEP_FRAME_MODULES);
	assert_int_equal(frame.entries, 1);
	assert_memory_equal(raw + sizeof(struct seep_trace_module), "/the/program\0\0\0\0", 16);
	free(raw);
	raw = next_frame(&frame);
	assert_int_equal(frame.kind, SEEP_FRAME_STACKS);
	assert_int_equal(frame.entries, 512 * 1024);
	free(raw);
	raw = next_frame(&frame);
	memcpy(&head, raw, sizeof(head));
	assert_int_equal(head.first, 512 * 1024 + 1);
	assert_int_equal(frame.entries, 600000 - 512 * 1024);
	free(raw);
	assert_int_equal(seep_tree_write(&tree, &region, "/the/program", &notes, 6, writer), 0);
	assert_null(next_frame(&frame));
	region.modules[1].gone = 1;
	producer_node(region.map, 600000, 1, 77);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(seep_tree_write(&tree, &region, "/the/program", &notes, 7, writer), 0);
	raw = next_frame(&frame);
	memcpy(&head, raw, sizeof(head));
	assert_int_equal(head.first, 600001);
	free(raw);
	assert_null(next_frame(&frame));
	assert_int_equal(notes.entries, 1);
	assert_int_equal(seep_notes_write(&notes, writer), 0);
	raw = next_frame(&frame);
	assert_int_equal(((struct seep_trace_note *)raw)->code, SEEP_NOTE_MODULE_GONE);
	assert_int_equal(((struct seep_trace_note *)raw)->value, 1);
	assert_int_equal(((struct seep_trace_note *)raw)->time_ns, 7);
	free(raw);
	seep_tree_close(&tree);
	seep_notes_close(&notes);
	seep_region_close(&region, true);
}

static void notes_are_bounded(void **state)
{
	struct seep_notes notes = {0};
	struct seep_trace_frame frame;

	(void)state;
	for (unsigned i = 0; i < SEEP_NOTES_MAX + 500; i++)
		seep_notes_add(&notes, i, SEEP_NOTE_MARK, 0, "again", 5);
	assert_int_equal(notes.entries, SEEP_NOTES_MAX);
	assert_int_equal(notes.lost, 500);
	assert_int_equal(seep_notes_write(&notes, writer), 0);
	free(next_frame(&frame));
	assert_int_equal(frame.entries, SEEP_NOTES_MAX);
	assert_int_equal(frame.raw_bytes, SEEP_NOTES_MAX * (sizeof(struct seep_trace_note) + 8));
	seep_notes_close(&notes);
	for (unsigned i = 0; i < 1000; i++)
		seep_notes_fault(&notes, i, "fault %u", i);
	assert_int_equal(notes.entries, SEEP_NOTES_FAULTS_MAX);
	assert_int_equal(notes.lost, 1000 - SEEP_NOTES_FAULTS_MAX);
	seep_notes_close(&notes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, everything_make, everything_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_preview_leaves_nothing_behind),
		TEST(a_crowded_epoch_goes_on_in_further_frames),
		TEST(a_week_has_some_five_hundred_epochs),
		TEST(live_blocks_are_sorted_over_all_frames),
		TEST(births_are_those_of_the_last_border),
		TEST(stacks_and_modules_are_written_once),
		TEST(notes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

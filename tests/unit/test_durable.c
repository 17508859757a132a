/* SPDX-License-Identifier: Apache-2.0
 *
 * collector/durable.c, journal.c, checkpoint.c and recover.c: at whatever moment a collector is killed, what is recovered is what it
 * would have come to by itself. The recording goes on after the recovery, as the files only were read, and tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "beside.h"
#include "clock.h"
#include "durable.h"
#include "recover.h"
#include "recording.h"
#include "support_producer.h"
#include "support_trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SPACE (UINT64_C(32) << 20) /* of the program: a quarter is the region's, which is then small */
#define THREADS 4u
#define STACKS 6u
#define MODULES 8u
#define ADDRESSES 64u
#define ENTRIES 3u /* of nursery and folds that are used, so that they change often */

struct setting {
	char directory[64];
	char trace[80];
	struct seep_settings settings;
	struct seep_session_setup setup;
	struct seep_recording *r;
	struct producer threads[THREADS];
};

static int setting_make(void **state)
{
	struct setting *s = calloc(1, sizeof(*s));

	*state = s;
	snprintf(s->directory, sizeof(s->directory), "/tmp/seep-durable.XXXXXX");
	s->settings = (struct seep_settings){.depth_limit = 64, .durable = true};
	s->setup = (struct seep_session_setup){.settings = &s->settings, .report_fds = {-1, -1}};
	if (!mkdtemp(s->directory))
		return -1;
	snprintf(s->trace, sizeof(s->trace), "%s/t", s->directory);
	return 0;
}

static int setting_remove(void **state)
{
	struct setting *s = *state;
	int status = rmdir(s->directory); /* nothing is left in it */

	free(s);
	return status;
}

static void begin(struct setting *s)
{
	const struct seep_trace_process process = {.pid = 1, .depth_limit = 64, .tick_ns = SEEP_WIRE_TICK_NS};
	struct seep_recording *r = seep_recording_new(&s->setup);
	int fd = open(s->trace, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint8_t raw[sizeof(process) + 4];
	struct seep_region_place place = {.trace = s->trace};

	s->r = r;
	assert_true(r && fd >= 0);
	r->books = malloc(sizeof(*r->books));
	assert_true(r->books && seep_books_open(r->books) == 0);
	snprintf(r->path, sizeof(r->path), "%s", s->trace);
	snprintf(r->process.executable, sizeof(r->process.executable), "a");
	r->start_ns = seep_clock_ns();
	r->epoch.first_ns = 1000000;
	memcpy(raw, &process, sizeof(process));
	memcpy(raw + sizeof(process), "a\0/", 4);
	assert_int_equal(seep_writer_open(&r->writer, fd, r->message, sizeof(r->message)), 0);
	assert_int_equal(seep_writer_frame(r->writer, SEEP_FRAME_PROCESS, 1, raw, sizeof(raw)), 0);
	assert_int_equal(seep_durable_begin(r), 0);
	place.trace_checksum = r->durable.trace_checksum;
	assert_int_equal(
		seep_region_open(&r->region, &s->settings, SPACE, "x", &place, r->message, sizeof(r->message)), 0);
	seep_drain_open(r->drain, &r->region, r->books, &r->notes);
	assert_int_equal(seep_tree_open(&r->tree, &r->region), 0);
	atomic_store(&r->region.map->state, SEEP_STATE_RECORDING);
	for (unsigned i = 0; i < THREADS; i++)
		s->threads[i] = producer_thread(r->region.map);
	for (uint32_t i = 1; i <= MODULES; i++)
		producer_module(r->region.map, "m", 0x1000 * i, 0x1000 * i + 100);
	for (uint32_t i = 1; i <= STACKS; i++)
		producer_node(r->region.map, i - 1, i % MODULES, 0x1000 + i);
	assert_int_equal(seep_durable_start(r), 0);
}

static struct trace_file *recovered(struct setting *s)
{
	char message[300] = "", path[40];
	int out = memfd_create("out", MFD_CLOEXEC);
	struct trace_file *t;

	if (seep_recover_trace(s->trace, out, message, sizeof(message)) < 0)
		fail_msg("%s", message);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
	t = trace_read(path);
	close(out);
	return t;
}

static struct trace_file *finished(struct setting *s)
{
	struct seep_trace_end end = {.how = SEEP_END_EXITED};
	struct trace_file *t;

	assert_int_equal(seep_recording_collect(s->r, &end), 0);
	seep_region_unmap(&s->r->region);
	assert_int_equal(seep_recording_complete(s->r, &end), 0);
	seep_durable_end(s->r);
	seep_recording_free(s->r, true);
	t = trace_read(s->trace);
	unlink(s->trace);
	return t;
}

static void ends_equal(const struct seep_trace_end *a, const struct seep_trace_end *b)
{
	assert_int_equal(a->allocations, b->allocations);
	assert_int_equal(a->allocated_bytes, b->allocated_bytes);
	assert_int_equal(a->frees, b->frees);
	assert_int_equal(a->freed_bytes, b->freed_bytes);
	assert_int_equal(a->unknown_frees, b->unknown_frees);
	assert_int_equal(a->unfreed_count, b->unfreed_count);
	assert_int_equal(a->unfreed_bytes, b->unfreed_bytes);
	assert_int_equal(a->peak_live_bytes, b->peak_live_bytes);
	assert_int_equal(a->dropped_events, b->dropped_events);
	assert_int_equal(a->unrecorded, b->unrecorded);
}

/* A recovery says so, and does not know what exactly was wrong with a ring. */
static bool is_its_own(const struct trace_text_note *note)
{
	return note->note.code == SEEP_NOTE_FAULT &&
	       (strncmp(note->text, "the collector did not come to its end", 37) == 0 ||
		       strncmp(note->text, "ring ", 5) == 0);
}

static void notes_equal(const struct trace_file *a, const struct trace_file *b)
{
	uint32_t i = 0, j = 0;

	for (;; i++, j++) {
		while (i < a->notes_used && is_its_own(&a->notes[i]))
			i++;
		while (j < b->notes_used && is_its_own(&b->notes[j]))
			j++;
		if (i == a->notes_used || j == b->notes_used)
			break;
		assert_int_equal(a->notes[i].note.code, b->notes[j].note.code);
		assert_int_equal(a->notes[i].note.value, b->notes[j].note.value);
		assert_string_equal(a->notes[i].text, b->notes[j].text);
	}
	assert_true(i == a->notes_used && j == b->notes_used);
}

/* The last epoch ends when somebody finishes it; all else is the same to the byte. */
static void traces_equal(const struct trace_file *a, const struct trace_file *b)
{
	uint32_t last = a->epochs_used - 1;

	ends_equal(&a->end, &b->end);
	assert_int_equal(a->epochs_used, b->epochs_used);
	assert_memory_equal(a->epochs, b->epochs, last * sizeof(a->epochs[0]));
	assert_int_equal(a->epochs[last].live_bytes, b->epochs[last].live_bytes);
	assert_int_equal(a->epochs[last].peak_bytes, b->epochs[last].peak_bytes);
	assert_int_equal(a->nodes_used, b->nodes_used);
	assert_int_equal(a->cohorts_used, b->cohorts_used);
	for (uint64_t i = 0; i < a->cohorts_used && i < TRACE_ITEMS; i++) {
		assert_int_equal(a->cohorts[i].count, b->cohorts[i].count);
		assert_int_equal(a->cohorts[i].bytes, b->cohorts[i].bytes);
		assert_int_equal(a->cohorts[i].stack, b->cohorts[i].stack);
		assert_int_equal(a->cohorts[i].tag, b->cohorts[i].tag);
		assert_int_equal(a->cohorts[i].birth, b->cohorts[i].birth);
	}
	assert_memory_equal(&a->allocated, &b->allocated, sizeof(a->allocated));
	assert_memory_equal(&a->freed, &b->freed, sizeof(a->freed));
	notes_equal(a, b);
}

static void both_compare(struct setting *s)
{
	struct trace_file *after_kill = recovered(s), *by_itself;

	s->r->start_ns -= 3 * SEEP_WIRE_TICK_NS; /* whoever goes on is later than whoever was killed */
	by_itself = finished(s);
	traces_equal(after_kill, by_itself);
	free(after_kill);
	free(by_itself);
}

static _Atomic uint64_t *shard_of(struct setting *s, uint64_t address)
{
	struct seep_wire_region *map = s->r->region.map;

	return (_Atomic uint64_t *)((char *)map + map->shards_offset) + seep_wire_shard(address);
}

static void free_push(struct producer *p, uint64_t address, uint64_t f)
{
	struct seep_wire_unit unit = {(uint64_t)SEEP_RECORD_FREE << SEEP_WIRE_KIND_SHIFT | address, f};

	producer_push(p, &unit, 1);
}

/* An epoch takes folds from behind an event that waits, and counts the entry's next stack already. */
static void what_was_taken_out_of_turn_is_not_taken_again(void **state)
{
	struct setting *s = *state;
	uint64_t first, second;

	begin(s);
	producer_alloc(&s->threads[0], 0x10000, 100, 1);
	producer_alloc(&s->threads[0], 0x10000 + 16, 100, 1);
	first = atomic_fetch_add(shard_of(s, 0x10000), 1);
	second = atomic_fetch_add(shard_of(s, 0x10000), 1);
	free_push(&s->threads[1], 0x10000, second); /* its predecessor is on its way */
	producer_fold(&s->threads[1], 0, 1, 5, 50);
	producer_fold(&s->threads[1], 0, 2, 3, 30);
	producer_mark(&s->threads[1], "behind it");
	seep_recording_round(s->r);
	assert_int_equal(seep_recording_epoch(s->r, 0), 0);
	producer_fold(&s->threads[1], 0, 3, 2, 20);
	seep_recording_round(s->r);
	free_push(&s->threads[2], 0x10000 + 32, first);
	both_compare(s);
}

static void an_abandoned_ring_stays_abandoned(void **state)
{
	const struct seep_wire_unit nonsense = {UINT64_MAX, 0};
	struct setting *s = *state;

	begin(s);
	producer_alloc(&s->threads[0], 0x10000, 100, 1);
	producer_alloc(&s->threads[1], 0x20000, 100, 1);
	seep_recording_round(s->r);
	producer_push(&s->threads[1], &nonsense, 1);
	seep_recording_round(s->r);
	producer_alloc(&s->threads[1], 0x30000, 100, 1);
	producer_alloc(&s->threads[0], 0x40000, 100, 1);
	seep_recording_round(s->r);
	assert_int_equal(seep_recording_epoch(s->r, 0), 0);
	both_compare(s);
}

static void what_stood_before_nonsense_is_there(void **state)
{
	const struct seep_wire_unit nonsense = {UINT64_MAX, 0};
	struct setting *s = *state;

	begin(s);
	producer_alloc(&s->threads[0], 0x10000, 100, 1);
	seep_recording_round(s->r);
	producer_fold(&s->threads[1], 0, 1, 5, 50);
	producer_fold(&s->threads[1], 0, 2, 3, 30); /* sends what was counted of the first */
	producer_mark(&s->threads[1], "before it");
	producer_push(&s->threads[1], &nonsense, 1);
	seep_recording_round(s->r);
	both_compare(s);
}

/* No honest program does that. */
static void a_fold_may_gain_bytes_alone(void **state)
{
	struct setting *s = *state;

	begin(s);
	producer_fold(&s->threads[0], 0, 1, 5, 50);
	seep_recording_round(s->r);
	assert_int_equal(seep_recording_epoch(s->r, 0), 0);
	atomic_fetch_add(&s->threads[0].segment->folds[0].bytes, 20);
	s->r->start_ns -= 10 * SEEP_WIRE_TICK_NS;
	seep_recording_round(s->r);
	assert_int_equal(seep_recording_epoch(s->r, 0), 0);
	atomic_fetch_add(&s->threads[0].segment->folds[0].version, 2); /* begins anew, without having sent it */
	both_compare(s);
}

static void what_was_dropped_is_counted_once(void **state)
{
	struct setting *s = *state;

	begin(s);
	for (unsigned i = 0; i < 3; i++) {
		producer_alloc(&s->threads[0], 0x10000 + 64 * i, 100, 1);
		atomic_fetch_add(&s->threads[i].segment->dropped, 10 + i);
		seep_recording_round(s->r);
		assert_int_equal(seep_recording_epoch(s->r, 0), 0);
		if (i == 1)
			assert_int_equal(seep_durable_checkpoint(s->r), 0);
	}
	atomic_fetch_add(&s->threads[3].segment->dropped, 100);
	both_compare(s);
}

/* Frees whose predecessor is late: after two rounds nobody waits for it. */
static void frees_held(struct setting *s, uint64_t *first)
{
	begin(s);
	for (unsigned i = 0; i < 2; i++)
		producer_alloc(&s->threads[0], 0x10000, 100, 1 + i);
	*first = atomic_fetch_add(shard_of(s, 0x10000), 1);
	for (unsigned i = 0; i < 3; i++)
		producer_free(&s->threads[1], 0x10000);
	for (unsigned i = 0; i < 3; i++)
		seep_recording_round(s->r);
	assert_int_equal(s->r->books->order.used, 3);
}

static void frees_that_wait_for_their_turn_are_kept(void **state)
{
	struct setting *s = *state;
	uint64_t first;

	frees_held(s, &first);
	assert_int_equal(seep_durable_checkpoint(s->r), 0);
	seep_recording_round(s->r);
	free_push(&s->threads[2], 0x10000, first);
	both_compare(s);
}

static void what_was_given_up_stays_given_up(void **state)
{
	struct setting *s = *state;
	uint64_t first;

	frees_held(s, &first);
	seep_recording_tend(s->r, 0);
	assert_int_equal(s->r->books->order.holes, 1);
	free_push(&s->threads[2], 0x10000, first);
	seep_recording_round(s->r);
	both_compare(s);
}

/* Its thread was killed before it could empty the entry, and another one had freed the block. */
static void what_was_sent_but_is_still_in_its_nursery_is_not_taken_again(void **state)
{
	struct setting *s = *state;

	begin(s);
	producer_young(&s->threads[0], 1, 0x10000, 100, 1);
	producer_alloc(&s->threads[0], 0x10000, 100, 1);
	producer_free(&s->threads[1], 0x10000);
	seep_recording_round(s->r);
	assert_int_equal(seep_durable_checkpoint(s->r), 0);
	both_compare(s);
}

/* Times in a row take the room of one: killed between the record and the header that counts it. */
static void half_a_flush_is_none(void **state)
{
	struct setting *s = *state;
	struct seep_journal *j;

	begin(s);
	j = &s->r->durable.journal;
	producer_alloc(&s->threads[0], 0x10000, 100, 1);
	seep_recording_round(s->r);
	seep_journal_time(j);
	seep_journal_flush(j);
	s->r->start_ns -= 5 * SEEP_WIRE_TICK_NS;
	seep_recording_round(s->r);
	seep_journal_time(j);
	assert_int_equal(j->used, sizeof(struct seep_wire_unit));
	assert_int_equal(pwrite(j->fd, j->buffer, j->used, (off_t)j->bytes), j->used);
	both_compare(s);
}

/* It takes no room on the disk, and would take as much in memory. */
static void a_trace_with_a_hole_is_not_copied(void **state)
{
	const struct seep_writer_place far = {.offset = UINT64_C(1) << 40, .sequence = 7};
	int out = memfd_create("out", MFD_CLOEXEC);
	struct setting *s = *state;
	char message[300] = "";

	begin(s);
	assert_int_equal(seep_writer_return(s->r->writer, &far), 0);
	assert_int_equal(seep_durable_checkpoint(s->r), 0);
	assert_int_equal(seep_recover_trace(s->trace, out, message, sizeof(message)), -1);
	assert_string_equal(message, "the checkpoint is not this trace's");
	close(out);
	seep_durable_end(s->r);
	seep_recording_free(s->r, true);
	unlink(s->trace);
}

static void a_child_that_asked_is_noted(void **state)
{
	struct setting *s = *state;

	begin(s);
	seep_recording_round(s->r);
	seep_recording_forked(s->r, 4711);
	both_compare(s);
}

/* ---- Any program ---- */

enum place {
	NOWHERE,
	SENT,
	YOUNG,
	PENDING, /* its free has a number, but is not sent */
};

struct block {
	enum place place;
	unsigned thread, entry; /* of the nursery, or who will send the free */
	uint64_t f;
};

struct world {
	struct setting *s;
	uint32_t seed;
	struct block blocks[ADDRESSES];
};

static uint32_t any(struct world *w, uint32_t below)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (w->seed >> 8) % below;
}

static uint64_t address_of(unsigned number)
{
	return 0x100000 + 16 * (uint64_t)number;
}

static void young_leave(struct world *w, unsigned thread, unsigned entry)
{
	struct producer *p = &w->s->threads[thread];
	struct seep_wire_young *young = &p->segment->nursery[entry];
	uint64_t address = atomic_load(&young->address);
	const struct seep_wire_unit units[2] = {
		{(uint64_t)SEEP_RECORD_ALLOC << SEEP_WIRE_KIND_SHIFT | address, atomic_load(&young->s)},
		{atomic_load(&young->bytes), atomic_load(&young->stack) | (uint64_t)atomic_load(&young->birth) << 32}};
	struct block *block = &w->blocks[(address - address_of(0)) / 16];

	if (!address)
		return;
	producer_push(p, units, 2);
	atomic_store(&young->address, 0);
	if (block->place == YOUNG && block->thread == thread && block->entry == entry)
		block->place = SENT;
}

static void allocate(struct world *w, unsigned number)
{
	unsigned thread = any(w, THREADS), entry = any(w, ENTRIES);
	uint32_t bytes = any(w, 2) ? any(w, 1000) : any(w, 100000), stack = 1 + any(w, STACKS);

	if (bytes < SEEP_WIRE_NURSERY_BYTES) {
		young_leave(w, thread, entry);
		producer_young(&w->s->threads[thread], entry, address_of(number), bytes, stack);
		w->blocks[number] = (struct block){YOUNG, thread, entry, 0};
	} else {
		producer_alloc(&w->s->threads[thread], address_of(number), bytes, stack);
		w->blocks[number] = (struct block){.place = SENT};
	}
}

static void give_back(struct world *w, unsigned number)
{
	struct block *block = &w->blocks[number];
	unsigned thread = any(w, THREADS);

	if (block->place == PENDING) {
		free_push(&w->s->threads[block->thread], address_of(number), block->f);
	} else if (block->place == YOUNG && block->thread == thread) {
		struct producer *p = &w->s->threads[thread];
		struct seep_wire_young *young = &p->segment->nursery[block->entry];

		atomic_store(&young->address, 0);
		producer_fold(p, any(w, ENTRIES), atomic_load(&young->stack), 1, atomic_load(&young->bytes));
	} else if (any(w, 2) == 0) {
		*block = (struct block){PENDING, thread, 0, atomic_fetch_add(shard_of(w->s, address_of(number)), 1)};
		return;
	} else {
		producer_free(&w->s->threads[thread], address_of(number));
	}
	block->place = NOWHERE;
}

static void step(struct world *w)
{
	struct seep_recording *r = w->s->r;
	unsigned number = any(w, ADDRESSES);

	switch (any(w, 40)) {
	case 0:
		producer_mark(&w->s->threads[any(w, THREADS)], "a mark");
		break;
	case 1:
	case 2:
	case 3:
		r->start_ns -= any(w, 2 * SEEP_WIRE_TICK_NS); /* time passes */
		seep_recording_round(r);
		break;
	case 4:
		assert_int_equal(seep_recording_epoch(r, any(w, 1000)), 0);
		break;
	case 5:
		seep_recording_tend(r, any(w, 2) * 10);
		break;
	case 6:
		seep_durable_keep(r);
		break;
	case 7:
		assert_int_equal(seep_durable_checkpoint(r), 0);
		break;
	case 9:
		if (any(w, 4) == 0)
			atomic_store(&r->region.modules[1 + any(w, MODULES)].gone, 1);
		break;
	case 8:
		r->preview.at_ns = 0;
		r->preview.every_ns = 1;
		assert_int_equal(seep_recording_preview(r), 0);
		break;
	default:
		if (w->blocks[number].place == NOWHERE)
			allocate(w, number);
		else
			give_back(w, number);
	}
}

static void at_any_moment_all_is_there(void **state)
{
	struct setting *s = *state;

	for (uint32_t seed = 1; seed <= 400; seed++) {
		struct world w = {.s = s, .seed = seed * 7919};
		uint32_t steps = any(&w, 400);

		begin(s);
		while (steps--)
			step(&w);
		both_compare(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_taken_out_of_turn_is_not_taken_again, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(an_abandoned_ring_stays_abandoned, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(what_stood_before_nonsense_is_there, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(a_fold_may_gain_bytes_alone, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(what_was_dropped_is_counted_once, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(
			what_was_sent_but_is_still_in_its_nursery_is_not_taken_again, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(frees_that_wait_for_their_turn_are_kept, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(what_was_given_up_stays_given_up, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(half_a_flush_is_none, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(a_trace_with_a_hole_is_not_copied, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(a_child_that_asked_is_noted, setting_make, setting_remove),
		cmocka_unit_test_setup_teardown(at_any_moment_all_is_there, setting_make, setting_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader on traces whose content is known, and on the same traces cut, damaged and forged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "reader.h"
#include "support_recording.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const arguments[] = {"server", "--port", "80 80", NULL};
static const struct recording_setup setup = {.pid = 4711, .executable = "/opt/server", .arguments = arguments};

/* Two modules, three stacks, a tag, a mark; 5 blocks of 100 bytes stay at one stack and one of 7 at another. */
static struct recording *record(const char *path, const struct recording_setup *how)
{
	struct recording *r = recording_create(path, how);
	uint8_t id[20] = {0xab, 0xcd};
	uint32_t server = recording_module(r, "/opt/server", 0x400000, 0x500000, 0x400000, id);
	uint32_t library = recording_module(r, "/opt/libx.so", 0x7000000, 0x7100000, 0x7000000, NULL);
	struct recording_frame leak[] = {{library, 0x7000123}, {server, 0x401000}, {server, 0x402000}};
	struct recording_frame other[] = {{server, 0x401500}, {server, 0x402000}};
	uint32_t tag = recording_tag(r, "sessions");
	size_t freed;

	for (int i = 0; i < 5; i++)
		recording_allocate(r, recording_stack(r, leak, 3), tag, 100);
	freed = recording_allocate(r, recording_stack(r, other, 2), 0, 50);
	recording_pass(r, RECORDING_SECOND);
	recording_note(r, SEEP_NOTE_MARK, 0, "warm");
	recording_free(r, freed);
	recording_allocate(r, recording_stack(r, other, 2), 0, 7);
	recording_unknown_free(r);
	recording_pass(r, 2 * RECORDING_SECOND);
	return r;
}

static uint8_t *recorded(size_t *count)
{
	struct recording *r = record(NULL, &setup);
	uint8_t *bytes;

	recording_end(r, SEEP_END_EXITED, 3, 0, NULL);
	bytes = recording_bytes(r, count);
	recording_close(r);
	return bytes;
}

static struct seep_trace *read_memory(const uint8_t *bytes, size_t count)
{
	struct seep_trace *trace;
	struct seep_error error;

	if (seep_trace_read_memory(&trace, "memory", bytes, count, &error) < 0)
		fail_msg("%s", error.text);
	return trace;
}

static struct seep_trace *read_file(const char *path)
{
	struct seep_trace *trace;
	struct seep_error error;

	if (seep_trace_read(&trace, path, NULL, &error) < 0)
		fail_msg("%s", error.text);
	return trace;
}

static struct seep_trace *read_recording(const struct recording *r, uint8_t **bytes)
{
	size_t count;

	*bytes = recording_bytes(r, &count);
	return read_memory(*bytes, count);
}

static bool has_fault(const struct seep_trace *t, const char *words)
{
	for (size_t i = 0; i < t->fault_count; i++)
		if (strstr(t->faults[i], words))
			return true;
	return false;
}

static void assert_fault(const struct seep_trace *t, const char *words)
{
	if (has_fault(t, words))
		return;
	for (size_t i = 0; i < t->fault_count; i++)
		print_message("fault: %s\n", t->faults[i]);
	fail_msg("no fault says \"%s\"", words);
}

static void a_whole_trace_is_read(void **state)
{
	size_t count;
	uint8_t *bytes = recorded(&count);
	struct seep_trace *t = read_memory(bytes, count);

	(void)state;
	assert_int_equal(t->state, SEEP_TRACE_FINISHED);
	assert_true(seep_trace_complete(t));
	assert_int_equal(t->process.pid, 4711);
	assert_string_equal(t->process.executable, "/opt/server");
	assert_int_equal(t->process.argument_count, 3);
	assert_string_equal(t->process.arguments[2], "80 80");
	assert_int_equal(t->module_count, 2);
	assert_string_equal(t->modules[1].path, "/opt/libx.so");
	assert_int_equal(t->modules[0].build_id_bytes, 20);
	assert_int_equal(t->modules[0].build_id[1], 0xcd);
	assert_int_equal(t->modules[1].build_id_bytes, 0);
	assert_int_equal(t->node_count, 1 + 4);
	assert_string_equal(seep_trace_tag(t, 1), "sessions");
	assert_null(seep_trace_tag(t, 0));
	assert_int_equal(t->note_count, 1);
	assert_string_equal(t->notes[0].text, "warm");
	assert_int_equal(t->epoch_count, 2);
	assert_int_equal(t->duration_ns, 3 * RECORDING_SECOND);
	assert_int_equal(t->end.exit_status, 3);
	assert_int_equal(t->totals.allocated.count, 7);
	assert_int_equal(t->totals.allocated.bytes, 557);
	assert_int_equal(t->totals.unfreed.count, 6);
	assert_int_equal(t->totals.unfreed.bytes, 507);
	assert_int_equal(t->totals.unknown_frees, 1);
	assert_int_equal(t->totals.peak_live_bytes, 550);
	seep_trace_free(t);
	free(bytes);
}

/* Offsets where frames begin, and the end. */
static size_t boundaries(const uint8_t *bytes, size_t count, uint64_t at[64])
{
	struct seep_trace_frame head;
	size_t n = 0;

	at[n++] = sizeof(struct seep_trace_header);
	while (at[n - 1] < count) {
		memcpy(&head, bytes + at[n - 1], sizeof(head));
		at[n] = at[n - 1] + sizeof(head) + head.stored_bytes;
		assert_true(++n < 64);
	}
	assert_int_equal(at[n - 1], count);
	return n;
}

static uint64_t frames_read(const struct seep_trace *t)
{
	uint64_t frames = 0;

	for (size_t kind = 0; kind < SEEP_KINDS; kind++)
		frames += t->kinds[kind].frames;
	return frames;
}

static void a_trace_cut_anywhere_is_readable_up_to_there(void **state)
{
	size_t count, whole = 0, n;
	uint8_t *bytes = recorded(&count);
	uint64_t at[64];

	(void)state;
	n = boundaries(bytes, count, at);
	for (size_t length = sizeof(struct seep_trace_header); length < count; length++) {
		uint8_t *cut = malloc(length); /* of exactly this size, so that a sanitizer sees a read behind it */
		struct seep_trace *t;

		memcpy(cut, bytes, length);
		t = read_memory(cut, length);
		while (whole + 1 < n && at[whole + 1] <= length)
			whole++;
		assert_int_equal(t->state, SEEP_TRACE_RECOVERED);
		assert_false(seep_trace_complete(t));
		assert_int_equal(frames_read(t), whole);
		assert_int_equal(t->health.torn_at, length == at[whole] ? UINT64_MAX : at[whole]);
		assert_int_equal(t->health.skipped_bytes, length - at[whole]);
		assert_int_equal(t->health.lost_frames, 0);
		assert_int_equal(t->fault_count, 0);
		seep_trace_free(t);
		free(cut);
	}
	free(bytes);
}

static void damage_costs_the_damaged_frame(void **state)
{
	size_t count, n;
	uint8_t *bytes = recorded(&count);
	uint64_t at[64];

	(void)state;
	n = boundaries(bytes, count, at);
	for (size_t i = sizeof(struct seep_trace_header); i < count; i++) {
		struct seep_trace *t;

		bytes[i] ^= 0x10;
		t = read_memory(bytes, count);
		assert_false(seep_trace_complete(t));
		assert_int_equal(frames_read(t), n - 2);
		if (i < at[n - 2]) { /* not in the last frame */
			assert_int_equal(t->health.lost_frames, 1);
			assert_int_equal(t->state, SEEP_TRACE_FINISHED);
			assert_int_not_equal(t->health.damaged_at, UINT64_MAX);
		} else {
			assert_int_equal(t->state, SEEP_TRACE_RECOVERED);
			assert_int_equal(t->health.torn_at, at[n - 2]);
		}
		seep_trace_free(t);
		bytes[i] ^= 0x10;
	}
	free(bytes);
}

static void a_missing_frame_is_counted(void **state)
{
	size_t count, n;
	uint8_t *bytes = recorded(&count);
	uint64_t at[64];
	struct seep_trace *t;

	(void)state;
	n = boundaries(bytes, count, at);
	assert_true(n > 5);
	memmove(bytes + at[3], bytes + at[4], count - at[4]);
	t = read_memory(bytes, count - (at[4] - at[3]));
	assert_int_equal(t->health.lost_frames, 1);
	assert_int_equal(t->health.skipped_bytes, 0);
	assert_false(seep_trace_complete(t));
	seep_trace_free(t);
	free(bytes);
}

/* What came in the missing frame is unknown, but what came later keeps its numbers. */
static void stacks_behind_missing_ones_keep_their_numbers(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	struct recording_frame first = {0, 0xaaa}, second = {0, 0xbbb};
	size_t count, n;
	uint64_t at[64];
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	recording_allocate(r, recording_stack(r, &first, 1), 0, 10);
	recording_pass(r, RECORDING_SECOND);
	recording_allocate(r, recording_stack(r, &second, 1), 0, 20);
	recording_pass(r, RECORDING_SECOND);
	recording_end(r, SEEP_END_EXITED, 0, 0, NULL);
	bytes = recording_bytes(r, &count);
	recording_close(r);
	n = boundaries(bytes, count, at);
	assert_true(n > 3);
	memmove(bytes + at[1], bytes + at[2], count - at[2]); /* the first STACKS frame */
	t = read_memory(bytes, count - (at[2] - at[1]));
	assert_int_equal(t->health.lost_frames, 1);
	assert_int_equal(t->fault_count, 0);
	assert_int_equal(t->node_count, 3);
	assert_int_equal(t->nodes[1].module, SEEP_MODULE_LOST);
	assert_int_equal(t->nodes[2].address, 0xbbb);
	assert_int_equal(t->totals.unfreed.bytes, 30);
	seep_trace_free(t);
	free(bytes);
}

static void kinds_of_later_versions_are_skipped(void **state)
{
	struct recording *r = record(NULL, &setup);
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	recording_frame(r, 4242, 1000000, "something new", 13);
	recording_end(r, SEEP_END_EXITED, 0, 0, NULL);
	t = read_recording(r, &bytes);
	assert_true(seep_trace_complete(t));
	assert_int_equal(t->kinds[0].frames, 1);
	assert_int_equal(t->totals.unfreed.bytes, 507);
	seep_trace_free(t);
	free(bytes);
	recording_close(r);
}

static void an_end_that_disagrees_is_a_fault(void **state)
{
	static const struct {
		struct seep_trace_end extra;
		const char *words;
	} cases[] = {
		{{.allocations = 1, .allocated_bytes = 8},
			"add up to 7 allocated blocks of 557 bytes, and its end says 8 of 565"},
		{{.unfreed_bytes = 1}, "add up to 6 unfreed blocks of 507 bytes, and its end says 6 of 508"},
		{{.peak_live_bytes = 1}, "give 550 bytes at the peak, and its end says 551"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recording *r = record(NULL, &setup);
		struct seep_trace *t;
		uint8_t *bytes;

		recording_end(r, SEEP_END_EXITED, 0, 0, &cases[i].extra);
		t = read_recording(r, &bytes);
		assert_fault(t, cases[i].words);
		assert_false(seep_trace_complete(t));
		seep_trace_free(t);
		free(bytes);
		recording_close(r);
	}
}

static void live_blocks_that_disagree_are_a_fault(void **state)
{
	struct recording *r = record(NULL, &setup);
	struct {
		struct seep_trace_live head;
		uint64_t count, bytes;
		uint32_t stack, tag, birth, pad;
	} one = {.count = 1, .bytes = 9, .stack = 1};
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	recording_frame(r, SEEP_FRAME_LIVE, 1, &one, 8 + 28);
	recording_end(r, SEEP_END_EXITED, 0, 0, NULL);
	t = read_recording(r, &bytes);
	assert_fault(t, "at 1 sites the live blocks are not those that the epochs left (7 blocks of 516 bytes");
	seep_trace_free(t);
	free(bytes);
	recording_close(r);
}

static void impossible_live_blocks_are_left_out(void **state)
{
	struct recording *r = record(NULL, &setup);
	struct {
		struct seep_trace_live head;
		uint64_t counts[3], bytes[3];
		uint32_t stacks[3], tags[3], births[3], pad;
	} three = {.counts = {0, UINT64_MAX / 8, 1}, .bytes = {100, 9, 9}, .stacks = {1, 1, 1}};
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	recording_frame(r, SEEP_FRAME_LIVE, 3, &three, 8 + 3 * 28);
	recording_end(r, SEEP_END_EXITED, 0, 0, NULL);
	t = read_recording(r, &bytes);
	assert_fault(t, "2 groups of live blocks have no block or more bytes than there can be, and were left out");
	assert_fault(t, "at 1 sites the live blocks are not those that the epochs left (7 blocks of 516 bytes");
	assert_false(seep_trace_complete(t));
	seep_trace_free(t);
	free(bytes);
	recording_close(r);
}

static void forged_numbers_do_no_harm(void **state)
{
	struct recording *r = record(NULL, &setup);
	struct {
		struct seep_trace_stacks head;
		struct seep_trace_node nodes[3];
	} stacks = {.head = {.first = 5}, .nodes = {{.parent = 5}, {.parent = 900}, {.parent = 1, .module = 77}}};
	struct seep_trace_stacks far = {.first = 0xfffffff0};
	struct {
		struct seep_trace_epoch head;
		struct seep_trace_site site;
	} epoch = {.head = {.number = 2, .start_ns = 3 * RECORDING_SECOND, .end_ns = 4 * RECORDING_SECOND},
		.site = {.stack = 123456, .tag = 99, .allocated = {1, 10}, .live = {1, 10}}};
	struct seep_trace_module module = {.number = 3, .path_bytes = 0xffffffff};
	struct seep_trace_tag tag = {.number = 0};
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	recording_frame(r, SEEP_FRAME_STACKS, 3, &stacks, sizeof(stacks));
	recording_frame(r, SEEP_FRAME_STACKS, 0xffffffff, &far, sizeof(far));
	recording_frame(r, SEEP_FRAME_EPOCH, 0xffffffff, &epoch, sizeof(epoch));
	recording_frame(r, SEEP_FRAME_MODULES, 1, &module, sizeof(module));
	recording_frame(r, SEEP_FRAME_TAGS, 0xffffffff, &tag, sizeof(tag));
	recording_frame(r, SEEP_FRAME_LIVE, 0xffffffff, &tag, sizeof(tag));
	recording_frame(r, SEEP_FRAME_PROCESS, 1, &tag, sizeof(tag));
	t = read_recording(r, &bytes);
	assert_int_equal(t->node_count, 8);
	assert_int_equal(t->nodes[5].parent, 0);
	assert_int_equal(t->nodes[6].parent, 0);
	assert_int_equal(t->nodes[7].module, 0);
	assert_fault(t, "names parents or modules that the trace does not hold");
	assert_fault(t, "follows more stacks than can be missing");
	assert_fault(t, "name stacks that the trace does not hold");
	assert_fault(t, "name tags that the trace does not hold");
	assert_fault(t, "shorter than the records it claims");
	assert_fault(t, "has not the size of the blocks it claims");
	assert_fault(t, "a tag with the number 0");
	assert_fault(t, "describes the process a second time");
	assert_int_equal(t->module_count, 2);
	assert_int_equal(t->totals.unfreed.bytes, 517); /* what has no stack still counts */
	seep_trace_free(t);
	free(bytes);
	recording_close(r);
}

static void stacks_are_bounded_in_depth(void **state)
{
	enum { DEEP = SEEP_DEPTH_MAX + 10 };
	struct recording *r = recording_create(NULL, &setup);
	struct {
		struct seep_trace_stacks head;
		struct seep_trace_node nodes[DEEP];
	} *deep = calloc(1, sizeof(*deep));
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	deep->head.first = 1;
	for (uint32_t i = 0; i < DEEP; i++)
		deep->nodes[i].parent = i;
	recording_frame(r, SEEP_FRAME_STACKS, DEEP, deep, sizeof(*deep));
	t = read_recording(r, &bytes);
	assert_int_equal(t->nodes[SEEP_DEPTH_MAX].parent, SEEP_DEPTH_MAX - 1);
	assert_int_equal(t->nodes[SEEP_DEPTH_MAX + 1].parent, 0);
	assert_fault(t, "names parents");
	seep_trace_free(t);
	free(bytes);
	free(deep);
	recording_close(r);
}

/* Frames of zeros compress to next to nothing. */
static void small_files_stay_small(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	uint8_t *zeros = calloc(1, SEEP_FRAME_RAW_MAX);
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		((struct seep_trace_stacks *)zeros)->first = 1 + i * (SEEP_FRAME_RAW_MAX / 16 - 1);
		recording_frame(r, SEEP_FRAME_STACKS, SEEP_FRAME_RAW_MAX / 16 - 1, zeros, SEEP_FRAME_RAW_MAX - 8);
	}
	t = read_recording(r, &bytes);
	assert_true(t->kept_bytes < (uint64_t)600 << 20);
	assert_fault(t, "claims to hold more than a file of its size can");
	seep_trace_free(t);
	free(bytes);
	free(zeros);
	recording_close(r);
}

static void small_files_take_little_time(void **state)
{
	struct recording *r = recording_create(NULL, &setup);
	uint8_t *zeros = calloc(1, SEEP_FRAME_RAW_MAX);
	struct seep_trace *t;
	uint8_t *bytes;

	(void)state;
	for (int i = 0; i < 400; i++)
		recording_frame(r, 4242, 1, zeros, SEEP_FRAME_RAW_MAX);
	t = read_recording(r, &bytes);
	assert_int_not_equal(t->health.torn_at, UINT64_MAX);
	assert_true(strstr(t->health.damage, "in proportion to the file") != NULL);
	seep_trace_free(t);
	free(bytes);
	free(zeros);
	recording_close(r);
}

static void what_is_no_trace_is_refused(void **state)
{
	struct {
		const char *bytes;
		size_t count;
		const char *words;
	} cases[] = {
		{"", 0, "empty"},
		{"ELF", 3, "not a seep trace"},
		{"seeptrc\n", 8, "cut off after 8 bytes"},
		{"seeptrc\n\3\0\0\0aaaaaaaaaaaaaaaaaaaa", 32, "version 3"},
		{"seeptrc\n\0\0\0\0aaaaaaaaaaaaaaaaaaaa", 32, "version 0"},
		{"seeptrx\n\1\0\0\0aaaaaaaaaaaaaaaaaaaa", 32, "not a seep trace"},
	};
	struct seep_trace *t;
	struct seep_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(seep_trace_read_memory(&t, "x.seep", cases[i].bytes, cases[i].count, &error), -1);
		assert_null(t);
		assert_non_null(strstr(error.text, cases[i].words));
		assert_int_equal(strncmp(error.text, "x.seep: ", 8), 0);
	}
	assert_int_equal(seep_trace_read(&t, "/", NULL, &error), -1);
	assert_non_null(strstr(error.text, "directory"));
	assert_int_equal(seep_trace_read(&t, "/dev/zero", NULL, &error), -1);
	assert_non_null(strstr(error.text, "no regular file"));
	assert_int_equal(seep_trace_read(&t, "/nonexistent/x.seep", NULL, &error), -1);
	assert_non_null(strstr(error.text, "/nonexistent/x.seep: No such file"));
}

static void a_fifo_does_not_hang(void **state)
{
	char folder[] = "/tmp/seep-test-XXXXXX", path[64];
	struct seep_trace *t;
	struct seep_error error;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(seep_trace_read(&t, path, NULL, &error), -1);
	assert_non_null(strstr(error.text, "no regular file"));
	unlink(path);
	rmdir(folder);
}

static void a_trace_that_is_being_written_is_running(void **state)
{
	char path[] = "/tmp/seep-test-XXXXXX";
	int fd = mkstemp(path);
	struct recording_setup mine = setup;
	struct recording *r;
	struct seep_trace *t;

	(void)state;
	mine.pid = (uint32_t)getpid();
	r = record(path, &mine);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	t = read_file(path);
	assert_int_equal(t->state, SEEP_TRACE_RUNNING);
	assert_int_equal(t->totals.unfreed.bytes, 507);
	assert_int_equal(t->fault_count, 0);
	seep_trace_free(t);

	assert_int_equal(flock(fd, LOCK_UN), 0);
	t = read_file(path);
	assert_int_equal(t->state, SEEP_TRACE_RECOVERED);
	seep_trace_free(t);
	recording_close(r);
	close(fd);
	unlink(path);
}

/* The process is gone, its collector still at work: the reader waits for the end, and does not say that there is none. */
static void a_trace_that_is_being_finished_is_waited_for(void **state)
{
	char path[] = "/tmp/seep-test-XXXXXX", ready;
	int fd = mkstemp(path), channel[2], status;
	struct recording_setup gone = setup;
	struct recording *r;
	struct seep_trace *t;
	pid_t collector, program = fork();

	(void)state;
	if (program == 0)
		_exit(0);
	assert_int_equal(waitpid(program, &status, 0), program);
	gone.pid = (uint32_t)program;
	r = record(path, &gone);
	assert_int_equal(pipe(channel), 0);
	collector = fork();
	if (collector == 0) {
		flock(fd, LOCK_EX);
		if (write(channel[1], "x", 1) != 1)
			_exit(1);
		usleep(100000);
		recording_end(r, SEEP_END_KILLED, 0, SIGKILL, NULL);
		_exit(0);
	}
	close(fd);
	assert_int_equal(read(channel[0], &ready, 1), 1);
	t = read_file(path);
	assert_int_equal(t->state, SEEP_TRACE_FINISHED);
	assert_int_equal(t->end.signal, SIGKILL);
	assert_int_equal(waitpid(collector, &status, 0), collector);
	seep_trace_free(t);
	recording_close(r);
	close(channel[0]);
	close(channel[1]);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_trace_is_read),
		cmocka_unit_test(a_trace_cut_anywhere_is_readable_up_to_there),
		cmocka_unit_test(damage_costs_the_damaged_frame),
		cmocka_unit_test(a_missing_frame_is_counted),
		cmocka_unit_test(stacks_behind_missing_ones_keep_their_numbers),
		cmocka_unit_test(kinds_of_later_versions_are_skipped),
		cmocka_unit_test(an_end_that_disagrees_is_a_fault),
		cmocka_unit_test(live_blocks_that_disagree_are_a_fault),
		cmocka_unit_test(impossible_live_blocks_are_left_out),
		cmocka_unit_test(forged_numbers_do_no_harm),
		cmocka_unit_test(stacks_are_bounded_in_depth),
		cmocka_unit_test(small_files_stay_small),
		cmocka_unit_test(small_files_take_little_time),
		cmocka_unit_test(what_is_no_trace_is_refused),
		cmocka_unit_test(a_fifo_does_not_hang),
		cmocka_unit_test(a_trace_that_is_being_written_is_running),
		cmocka_unit_test(a_trace_that_is_being_finished_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

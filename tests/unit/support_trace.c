/* SPDX-License-Identifier: Apache-2.0
 *
 * support_trace.c: see support_trace.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_trace.h"
#include "unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

static size_t text_put(char *to, size_t size, const uint8_t *from, uint32_t bytes)
{
	assert_true(bytes < size);
	memcpy(to, from, bytes);
	to[bytes] = 0;
	return (bytes + 7u) / 8 * 8;
}

static void take_process(struct trace_file *t, const uint8_t *raw, size_t size)
{
	assert_true(size > sizeof(t->process) && size - sizeof(t->process) <= sizeof(t->strings));
	assert_int_equal(raw[size - 1], 0);
	memcpy(&t->process, raw, sizeof(t->process));
	memcpy(t->strings, raw + sizeof(t->process), size - sizeof(t->process));
}

static void take_modules(struct trace_file *t, const uint8_t *raw, size_t size, uint32_t entries)
{
	size_t at = 0;

	for (uint32_t i = 0; i < entries; i++) {
		struct seep_trace_module *module = &t->modules[t->modules_used];

		memcpy(module, raw + at, sizeof(*module));
		assert_int_equal(module->number, t->modules_used + 1);
		at += sizeof(*module);
		at += text_put(t->paths[t->modules_used++], sizeof(t->paths[0]), raw + at, module->path_bytes);
	}
	assert_int_equal(at, size);
}

static void take_stacks(struct trace_file *t, const uint8_t *raw, size_t size, uint32_t entries)
{
	struct seep_trace_stacks head;

	memcpy(&head, raw, sizeof(head));
	assert_int_equal(head.first, t->nodes_used + 1);
	assert_int_equal(size, sizeof(head) + entries * sizeof(t->nodes[0]));
	assert_true(t->nodes_used + entries <= TRACE_ITEMS);
	memcpy(&t->nodes[t->nodes_used], raw + sizeof(head), entries * sizeof(t->nodes[0]));
	for (uint32_t i = 0; i < entries; i++, t->nodes_used++) {
		assert_true(t->nodes[t->nodes_used].parent <= t->nodes_used);
		assert_true(t->nodes[t->nodes_used].module <= t->modules_used ||
			    t->nodes[t->nodes_used].module >= SEEP_MODULE_LOST);
	}
}

static void count_add(struct seep_trace_count *to, const struct seep_trace_count *from)
{
	to->count += from->count;
	to->bytes += from->bytes;
}

static void take_site(struct trace_file *t, const struct seep_trace_site *site)
{
	assert_true(site->stack <= t->nodes_used);
	assert_true(site->peak_bytes >= site->live.bytes);
	count_add(&t->allocated, &site->allocated);
	for (unsigned i = 0; i < SEEP_AGE_CLASSES; i++) {
		count_add(&t->freed, &site->freed[i]);
		count_add(&t->freed_by_class[i], &site->freed[i]);
	}
}

static void take_epoch(struct trace_file *t, const uint8_t *raw, size_t size, uint32_t entries)
{
	struct seep_trace_epoch *epoch = &t->epochs[t->epochs_used];
	struct seep_trace_site site, before = {0};

	assert_true(t->epochs_used < TRACE_ITEMS);
	assert_int_equal(size, sizeof(*epoch) + entries * sizeof(site));
	memcpy(epoch, raw, sizeof(*epoch));
	assert_int_equal(epoch->number, t->epochs_used);
	assert_int_equal(epoch->start_ns, t->epochs_used ? epoch[-1].end_ns : 0);
	assert_true(epoch->end_ns >= epoch->start_ns);
	t->epochs_used++;
	for (uint32_t i = 0; i < entries; i++) {
		memcpy(&site, raw + sizeof(*epoch) + i * sizeof(site), sizeof(site));
		assert_true(
			i == 0 || site.stack > before.stack || (site.stack == before.stack && site.tag > before.tag));
		take_site(t, &site);
		before = site;
	}
}

/* By stack, tag, birth, bytes; no two are equal. */
static bool cohort_before(const struct trace_cohort *a, const struct trace_cohort *b)
{
	if (a->stack != b->stack)
		return a->stack < b->stack;
	if (a->tag != b->tag)
		return a->tag < b->tag;
	return a->birth != b->birth ? a->birth < b->birth : a->bytes < b->bytes;
}

static void take_live(struct trace_file *t, const uint8_t *raw, size_t size, uint32_t entries)
{
	const uint8_t *count = raw + sizeof(struct seep_trace_live), *bytes = count + 8 * (size_t)entries;
	const uint8_t *stack = bytes + 8 * (size_t)entries, *tag = stack + 4 * (size_t)entries;
	const uint8_t *birth = tag + 4 * (size_t)entries;

	assert_int_equal(size, sizeof(struct seep_trace_live) + 28 * (size_t)entries);
	for (uint32_t i = 0; i < entries; i++) {
		struct trace_cohort cohort;

		memcpy(&cohort.count, count + 8 * i, 8);
		memcpy(&cohort.bytes, bytes + 8 * i, 8);
		memcpy(&cohort.stack, stack + 4 * i, 4);
		memcpy(&cohort.tag, tag + 4 * i, 4);
		memcpy(&cohort.birth, birth + 4 * i, 4);
		assert_true(cohort.stack <= t->nodes_used);
		assert_true(cohort.count > 0);
		t->live.count += cohort.count;
		t->live.bytes += cohort.count * cohort.bytes;
		if (t->cohorts_used < TRACE_ITEMS) {
			t->cohorts[t->cohorts_used] = cohort;
			assert_true(t->cohorts_used == 0 || cohort_before(&t->cohorts[t->cohorts_used - 1], &cohort));
		}
		t->cohorts_used++;
	}
}

static void take_notes(struct trace_file *t, const uint8_t *raw, size_t size, uint32_t entries)
{
	size_t at = 0;

	for (uint32_t i = 0; i < entries; i++) {
		struct trace_text_note *note = &t->notes[t->notes_used++];

		assert_true(t->notes_used < TRACE_ITEMS);
		memcpy(&note->note, raw + at, sizeof(note->note));
		at += sizeof(note->note);
		at += text_put(note->text, sizeof(note->text), raw + at, note->note.text_bytes);
	}
	assert_int_equal(at, size);
}

static void take_end(struct trace_file *t, const uint8_t *raw, size_t size)
{
	assert_int_equal(size, sizeof(t->end));
	memcpy(&t->end, raw, size);
	t->complete = true;
}

static void take_frame(struct trace_file *t, const struct seep_trace_frame *frame, const uint8_t *raw, size_t size)
{
	assert_false(t->complete);
	assert_true((frame->kind == SEEP_FRAME_PROCESS) == (frame->sequence == 0));
	switch (frame->kind) {
	case SEEP_FRAME_PROCESS:
		take_process(t, raw, size);
		break;
	case SEEP_FRAME_MODULES:
		take_modules(t, raw, size, frame->entries);
		break;
	case SEEP_FRAME_STACKS:
		take_stacks(t, raw, size, frame->entries);
		break;
	case SEEP_FRAME_EPOCH:
		take_epoch(t, raw, size, frame->entries);
		break;
	case SEEP_FRAME_LIVE:
		take_live(t, raw, size, frame->entries);
		break;
	case SEEP_FRAME_NOTE:
		take_notes(t, raw, size, frame->entries);
		break;
	case SEEP_FRAME_END:
		take_end(t, raw, size);
		break;
	default:
		fail_msg("unknown frame %u", frame->kind);
	}
}

static void check_sums(const struct trace_file *t)
{
	if (!t->complete)
		return;
	assert_int_equal(t->end.allocations, t->allocated.count);
	assert_int_equal(t->end.allocated_bytes, t->allocated.bytes);
	assert_int_equal(t->end.frees, t->freed.count);
	assert_int_equal(t->end.freed_bytes, t->freed.bytes);
	assert_int_equal(t->end.unfreed_count, t->allocated.count - t->freed.count);
	assert_int_equal(t->end.unfreed_bytes, t->allocated.bytes - t->freed.bytes);
	assert_int_equal(t->end.unfreed_count, t->live.count);
	assert_int_equal(t->end.unfreed_bytes, t->live.bytes);
	assert_true(t->epochs_used > 0);
	assert_int_equal(t->epochs[t->epochs_used - 1].live_count, t->end.unfreed_count);
	assert_int_equal(t->epochs[t->epochs_used - 1].live_bytes, t->end.unfreed_bytes);
	assert_true(t->end.peak_live_bytes >= t->end.unfreed_bytes);
}

static uint8_t *file_load(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	if (fd < 0)
		fail_msg("no trace %s", path);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	*size = (size_t)st.st_size;
	return bytes;
}

void *trace_payload(const struct seep_trace_frame *frame, const void *stored, size_t *payload_bytes)
{
	uint8_t *raw = malloc(frame->raw_bytes + 1), *payload;

	assert_int_equal(ZSTD_decompress(raw, frame->raw_bytes, stored, frame->stored_bytes), frame->raw_bytes);
	*payload_bytes = frame->raw_bytes;
	if (!seep_is_packed(SEEP_TRACE_VERSION, frame->kind))
		return raw;
	*payload_bytes = seep_unpacked_bytes(frame->kind, frame->entries, raw, frame->raw_bytes);
	assert_int_not_equal(*payload_bytes, SIZE_MAX);
	payload = malloc(*payload_bytes + 1);
	assert_int_equal(seep_unpack(frame->kind, frame->entries, raw, frame->raw_bytes, payload), 1);
	free(raw);
	return payload;
}

struct trace_file *trace_read(const char *path)
{
	struct trace_file *t = calloc(1, sizeof(*t));
	struct seep_trace_frame frame;
	size_t size, payload_bytes, at = sizeof(struct seep_trace_header);
	uint8_t *bytes = file_load(path, &size), *payload, *checked;

	assert_true(size >= at);
	assert_memory_equal(bytes, SEEP_TRACE_MAGIC, 8);
	for (uint32_t sequence = 0; at < size; sequence++) {
		assert_true(size - at >= sizeof(frame));
		memcpy(&frame, bytes + at, sizeof(frame));
		at += sizeof(frame);
		assert_int_equal(frame.magic, SEEP_FRAME_MAGIC);
		assert_int_equal(frame.sequence, sequence);
		assert_true(size - at >= frame.stored_bytes && frame.raw_bytes <= SEEP_FRAME_RAW_MAX);
		checked = malloc(24 + (size_t)frame.stored_bytes);
		memcpy(checked, &frame, 24);
		memcpy(checked + 24, bytes + at, frame.stored_bytes);
		assert_int_equal(XXH64(checked, 24 + (size_t)frame.stored_bytes, 0), frame.checksum);
		free(checked);
		payload = trace_payload(&frame, bytes + at, &payload_bytes);
		at += frame.stored_bytes;
		take_frame(t, &frame, payload, payload_bytes);
		free(payload);
	}
	free(bytes);
	check_sums(t);
	return t;
}

const struct trace_text_note *trace_note(const struct trace_file *t, uint32_t code)
{
	for (uint32_t i = 0; i < t->notes_used; i++)
		if (t->notes[i].note.code == code)
			return &t->notes[i];
	return NULL;
}

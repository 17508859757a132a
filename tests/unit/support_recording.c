/* SPDX-License-Identifier: Apache-2.0
 *
 * support_recording.c: see support_recording.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_recording.h"
#include "writer.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_NS 10000000u

struct block {
	uint64_t bytes;
	uint64_t birth_ns;
	uint32_t stack, tag;
	bool live;
};

struct recording {
	struct seep_writer *writer;
	int fd;
	struct seep_trace_node *nodes; /* [0] is node 1 */
	size_t node_count, nodes_written;
	struct block *blocks;
	size_t block_count;
	struct seep_trace_site *sites; /* of this epoch; what is live and the peak go on from one to the next */
	size_t site_count;
	bool *touched;
	uint32_t module_count, tag_count;
	struct seep_trace_epoch epoch;
	struct seep_trace_end totals;
	uint64_t now_ns;
};

void recording_frame(struct recording *r, uint32_t kind, uint32_t entries, const void *raw, size_t raw_bytes)
{
	assert_int_equal(seep_writer_frame(r->writer, kind, entries, raw, raw_bytes), 0);
}

static void append(uint8_t **to, size_t *count, const void *bytes, size_t more)
{
	*to = realloc(*to, *count + more + 1);
	assert_non_null(*to);
	memcpy(*to + *count, bytes, more);
	*count += more;
}

static void append_padded(uint8_t **to, size_t *count, const char *text)
{
	static const uint8_t zeros[8];

	append(to, count, text, strlen(text));
	append(to, count, zeros, (8 - strlen(text) % 8) % 8);
}

static void write_process(struct recording *r, const struct recording_setup *setup)
{
	struct seep_trace_process head = {
		.pid = setup->pid,
		.ppid = 1,
		.start_realtime_ns = UINT64_C(1700000000) * RECORDING_SECOND,
		.sample_bytes = setup->sample_bytes,
		.depth_limit = 128,
		.forked = setup->forked,
		.on_full = setup->on_full,
		.tick_ns = TICK_NS,
	};
	size_t count = 0;
	uint8_t *raw = NULL;

	while (setup->arguments && setup->arguments[head.argc])
		head.argc++;
	append(&raw, &count, &head, sizeof(head));
	append(&raw, &count, setup->executable, strlen(setup->executable) + 1);
	append(&raw, &count, "/", 2);
	for (uint32_t i = 0; i < head.argc; i++)
		append(&raw, &count, setup->arguments[i], strlen(setup->arguments[i]) + 1);
	recording_frame(r, SEEP_FRAME_PROCESS, 1, raw, count);
	free(raw);
}

struct recording *recording_create(const char *path, const struct recording_setup *setup)
{
	struct recording *r = calloc(1, sizeof(*r));
	char message[200];

	assert_non_null(r);
	r->fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : memfd_create("trace", MFD_CLOEXEC);
	assert_true(r->fd >= 0);
	if (seep_writer_open(&r->writer, dup(r->fd), message, sizeof(message)) < 0)
		fail_msg("%s", message);
	write_process(r, setup);
	return r;
}

uint32_t recording_module(
	struct recording *r, const char *path, uint64_t start, uint64_t end, uint64_t bias, const uint8_t *build_id)
{
	struct seep_trace_module module = {
		.number = ++r->module_count,
		.path_bytes = (uint32_t)strlen(path),
		.start = start,
		.end = end,
		.bias = bias,
		.build_id_bytes = build_id ? sizeof(module.build_id) : 0,
	};
	size_t count = 0;
	uint8_t *raw = NULL;

	if (build_id)
		memcpy(module.build_id, build_id, sizeof(module.build_id));
	append(&raw, &count, &module, sizeof(module));
	append_padded(&raw, &count, path);
	recording_frame(r, SEEP_FRAME_MODULES, 1, raw, count);
	free(raw);
	return module.number;
}

uint32_t recording_tag(struct recording *r, const char *text)
{
	struct seep_trace_tag tag = {.number = ++r->tag_count, .text_bytes = (uint32_t)strlen(text)};
	size_t count = 0;
	uint8_t *raw = NULL;

	append(&raw, &count, &tag, sizeof(tag));
	append_padded(&raw, &count, text);
	recording_frame(r, SEEP_FRAME_TAGS, 1, raw, count);
	free(raw);
	return tag.number;
}

void recording_note(struct recording *r, uint32_t code, uint64_t value, const char *text)
{
	struct seep_trace_note note = {
		.time_ns = r->now_ns, .value = value, .code = code, .text_bytes = (uint32_t)strlen(text)};
	size_t count = 0;
	uint8_t *raw = NULL;

	append(&raw, &count, &note, sizeof(note));
	append_padded(&raw, &count, text);
	recording_frame(r, SEEP_FRAME_NOTE, 1, raw, count);
	free(raw);
}

uint32_t recording_stack(struct recording *r, const struct recording_frame *frames, size_t count)
{
	uint32_t parent = 0;

	while (count-- > 0) {
		struct seep_trace_node wanted = {parent, frames[count].module, frames[count].address};
		size_t i = 0;

		while (i < r->node_count && memcmp(&r->nodes[i], &wanted, sizeof(wanted)) != 0)
			i++;
		if (i == r->node_count) {
			r->nodes = realloc(r->nodes, (i + 1) * sizeof(*r->nodes));
			assert_non_null(r->nodes);
			r->nodes[r->node_count++] = wanted;
		}
		parent = (uint32_t)i + 1;
	}
	return parent;
}

static size_t site_at(struct recording *r, uint32_t stack, uint32_t tag)
{
	for (size_t i = 0; i < r->site_count; i++)
		if (r->sites[i].stack == stack && r->sites[i].tag == tag)
			return i;
	r->sites = realloc(r->sites, (r->site_count + 1) * sizeof(*r->sites));
	r->touched = realloc(r->touched, (r->site_count + 1) * sizeof(*r->touched));
	assert_true(r->sites && r->touched);
	r->sites[r->site_count] = (struct seep_trace_site){.stack = stack, .tag = tag};
	r->touched[r->site_count] = false;
	return r->site_count++;
}

size_t recording_allocate(struct recording *r, uint32_t stack, uint32_t tag, uint64_t bytes)
{
	size_t index = site_at(r, stack, tag);
	struct seep_trace_site *site = &r->sites[index];

	r->touched[index] = true;
	site->allocated.count++;
	site->allocated.bytes += bytes;
	site->live.count++;
	site->live.bytes += bytes;
	if (site->live.bytes > site->peak_bytes)
		site->peak_bytes = site->live.bytes;
	r->epoch.live_count++;
	r->epoch.live_bytes += bytes;
	if (r->epoch.live_bytes > r->epoch.peak_bytes) {
		r->epoch.peak_bytes = r->epoch.live_bytes;
		r->epoch.peak_at_ns = r->now_ns;
	}
	r->totals.allocations++;
	r->totals.allocated_bytes += bytes;
	r->blocks = realloc(r->blocks, (r->block_count + 1) * sizeof(*r->blocks));
	assert_non_null(r->blocks);
	r->blocks[r->block_count] =
		(struct block){.bytes = bytes, .birth_ns = r->now_ns, .stack = stack, .tag = tag, .live = true};
	return r->block_count++;
}

void recording_free(struct recording *r, size_t handle)
{
	struct block *block = &r->blocks[handle];
	size_t index = site_at(r, block->stack, block->tag);
	struct seep_trace_site *site = &r->sites[index];
	unsigned age = 0;

	assert_true(block->live);
	block->live = false;
	while (r->now_ns - block->birth_ns >= seep_age_bound_ns(age))
		age++;
	r->touched[index] = true;
	site->freed[age].count++;
	site->freed[age].bytes += block->bytes;
	site->live.count--;
	site->live.bytes -= block->bytes;
	r->epoch.live_count--;
	r->epoch.live_bytes -= block->bytes;
	r->totals.frees++;
	r->totals.freed_bytes += block->bytes;
}

void recording_drop(struct recording *r, uint64_t events)
{
	r->epoch.dropped_events += events;
	r->totals.dropped_events += events;
}

void recording_unknown_free(struct recording *r)
{
	r->epoch.unknown_frees++;
	r->totals.unknown_frees++;
}

static void write_stacks(struct recording *r)
{
	struct seep_trace_stacks head = {.first = (uint32_t)r->nodes_written + 1};
	size_t count = 0;
	uint8_t *raw = NULL;

	if (r->nodes_written == r->node_count)
		return;
	append(&raw, &count, &head, sizeof(head));
	append(&raw, &count, r->nodes + r->nodes_written, (r->node_count - r->nodes_written) * sizeof(*r->nodes));
	recording_frame(r, SEEP_FRAME_STACKS, (uint32_t)(r->node_count - r->nodes_written), raw, count);
	free(raw);
	r->nodes_written = r->node_count;
}

static int by_stack_and_tag(const void *a, const void *b)
{
	const struct seep_trace_site *x = a, *y = b;

	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return (x->tag > y->tag) - (x->tag < y->tag);
}

/* Writes the sites of the epoch and clears what belongs to it alone. */
static void write_sites(struct recording *r)
{
	size_t count = 0, sites = 0;
	uint8_t *raw = NULL;

	append(&raw, &count, &r->epoch, sizeof(r->epoch));
	for (size_t i = 0; i < r->site_count; i++) {
		if (r->touched[i]) {
			append(&raw, &count, &r->sites[i], sizeof(r->sites[i]));
			sites++;
		}
		r->touched[i] = false;
		memset(&r->sites[i].allocated, 0, sizeof(r->sites[i].allocated));
		memset(r->sites[i].freed, 0, sizeof(r->sites[i].freed));
	}
	qsort(raw + sizeof(r->epoch), sites, sizeof(struct seep_trace_site), by_stack_and_tag);
	recording_frame(r, SEEP_FRAME_EPOCH, (uint32_t)sites, raw, count);
	free(raw);
}

void recording_pass(struct recording *r, uint64_t ns)
{
	write_stacks(r);
	r->now_ns += ns;
	r->epoch.end_ns = r->now_ns;
	if (r->epoch.peak_bytes > r->totals.peak_live_bytes) {
		r->totals.peak_live_bytes = r->epoch.peak_bytes;
		r->totals.peak_at_ns = r->epoch.peak_at_ns;
	}
	write_sites(r);
	r->epoch = (struct seep_trace_epoch){.number = r->epoch.number + 1,
		.start_ns = r->now_ns,
		.end_ns = r->now_ns,
		.live_count = r->epoch.live_count,
		.live_bytes = r->epoch.live_bytes,
		.peak_bytes = r->epoch.live_bytes,
		.peak_at_ns = r->now_ns};
}

static int by_stack_tag_birth_bytes(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	if (x->birth_ns != y->birth_ns)
		return x->birth_ns < y->birth_ns ? -1 : 1;
	return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Time stands still within an epoch, so that blocks of an epoch are those of one birth. */
static void write_live(struct recording *r)
{
	struct seep_trace_live head = {0};
	size_t blocks = 0, n = 0, count = 0;
	uint64_t *counts = calloc(r->block_count + 1, sizeof(*counts));
	uint8_t *raw = NULL;

	assert_non_null(counts);
	for (size_t i = 0; i < r->block_count; i++)
		if (r->blocks[i].live)
			r->blocks[blocks++] = r->blocks[i];
	qsort(r->blocks, blocks, sizeof(*r->blocks), by_stack_tag_birth_bytes);
	for (size_t i = 0; i < blocks; i++) {
		if (!n || by_stack_tag_birth_bytes(&r->blocks[n - 1], &r->blocks[i]) != 0)
			r->blocks[n++] = r->blocks[i];
		counts[n - 1]++;
	}
	append(&raw, &count, &head, sizeof(head));
	append(&raw, &count, counts, n * sizeof(*counts));
	for (size_t i = 0; i < n; i++)
		append(&raw, &count, &r->blocks[i].bytes, 8);
	for (size_t i = 0; i < n; i++)
		append(&raw, &count, &r->blocks[i].stack, 4);
	for (size_t i = 0; i < n; i++)
		append(&raw, &count, &r->blocks[i].tag, 4);
	for (size_t i = 0; i < n; i++) {
		uint32_t birth = (uint32_t)(r->blocks[i].birth_ns / TICK_NS);

		append(&raw, &count, &birth, 4);
	}
	recording_frame(r, SEEP_FRAME_LIVE, (uint32_t)n, raw, count);
	free(counts);
	free(raw);
}

void recording_end(struct recording *r, enum seep_end_how how, int32_t exit_status, uint32_t signal,
	const struct seep_trace_end *extra)
{
	struct seep_trace_end end = r->totals;

	end.how = how;
	end.exit_status = exit_status;
	end.signal = signal;
	end.time_ns = r->now_ns;
	end.unfreed_count = r->epoch.live_count;
	end.unfreed_bytes = r->epoch.live_bytes;
	if (extra) {
		end.allocations += extra->allocations;
		end.allocated_bytes += extra->allocated_bytes;
		end.unfreed_count += extra->unfreed_count;
		end.unfreed_bytes += extra->unfreed_bytes;
		end.peak_live_bytes += extra->peak_live_bytes;
		end.inherited_count += extra->inherited_count;
		end.inherited_bytes += extra->inherited_bytes;
		end.truncated_stacks += extra->truncated_stacks;
		end.lost_stacks += extra->lost_stacks;
		end.unrecorded += extra->unrecorded;
	}
	write_live(r);
	recording_frame(r, SEEP_FRAME_END, 1, &end, sizeof(end));
}

uint64_t recording_offset(const struct recording *r)
{
	return seep_writer_offset(r->writer);
}

uint8_t *recording_bytes(const struct recording *r, size_t *count)
{
	struct stat st;
	uint8_t *bytes;

	assert_int_equal(fstat(r->fd, &st), 0);
	*count = (size_t)st.st_size;
	bytes = malloc(*count + 1);
	assert_non_null(bytes);
	assert_int_equal(pread(r->fd, bytes, *count, 0), *count);
	return bytes;
}

void recording_close(struct recording *r)
{
	seep_writer_close(r->writer);
	close(r->fd);
	free(r->nodes);
	free(r->blocks);
	free(r->sites);
	free(r->touched);
	free(r);
}

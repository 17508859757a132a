/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.c: the payload of each kind of frame (include/seep/trace.h) into the model. Called by the commands through
 * reader.h; frames.c has already checked each frame's checksum and size.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "reader.h"
#include "recovery.h"

#define FINISH_WAIT_MS 3000 /* for a collector that finishes the trace of a process that has ended */
#define FINISH_POLL_MS 20

static const char *const kind_names[SEEP_KINDS] = {
	"unknown", "process", "modules", "stacks", "epoch", "live", "note", "end", "tags"};

/* A frame's bytes and how far they have been read. Every take is checked; the first one that fails empties the rest. */
struct cursor {
	const uint8_t *at;
	size_t left;
	bool short_of; /* something was asked for that was not there */
};

static const void *take(struct cursor *c, size_t bytes)
{
	const void *taken = c->at;

	if (bytes > c->left) {
		c->short_of = true;
		c->left = 0;
		return NULL;
	}
	c->at += bytes;
	c->left -= bytes;
	return taken;
}

/* A text that is padded to a multiple of eight bytes. */
static const void *take_text(struct cursor *c, uint32_t bytes)
{
	return take(c, ((size_t)bytes + 7) & ~(size_t)7);
}

static int fault_in(struct seep_trace *t, const struct seep_payload *p, const char *what)
{
	return seep_trace_fault(t, "Frame %u at offset %llu (%s) %s.", p->sequence, (unsigned long long)p->offset,
		kind_names[p->kind < SEEP_KINDS ? p->kind : 0], what);
}

static int short_frame(struct seep_trace *t, const struct seep_payload *p)
{
	return fault_in(t, p, "is shorter than the records it claims; those that are whole were used");
}

static const char *take_string(struct cursor *c, struct seep_trace *t)
{
	const char *text = (const char *)c->at;
	size_t length = strnlen(text, c->left);

	if (length == c->left) {
		c->short_of = true;
		c->left = 0;
		return NULL;
	}
	c->at += length + 1;
	c->left -= length + 1;
	return seep_arena_text(&t->arena, text, length);
}

/* How many of the claimed records of a size can be there. */
static size_t entries_of(const struct seep_payload *p, size_t left, size_t record_bytes)
{
	return p->entries < left / record_bytes ? p->entries : left / record_bytes;
}

static int read_process(struct seep_trace *t, const struct seep_payload *p)
{
	struct cursor c = {p->raw, p->raw_bytes, false};
	const struct seep_trace_process *head = take(&c, sizeof(*head));
	const char **arguments;
	size_t count;

	if (t->has_process)
		return fault_in(t, p, "describes the process a second time and was left out");
	if (!head)
		return short_frame(t, p);
	if (!seep_trace_keep(t, p->raw_bytes * sizeof(*arguments)))
		return 0;
	t->has_process = true;
	t->process.pid = head->pid;
	t->process.ppid = head->ppid;
	t->process.start_realtime_ns = head->start_realtime_ns;
	t->process.sample_bytes = head->sample_bytes;
	t->process.depth_limit = head->depth_limit;
	t->process.forked = head->forked;
	t->process.drops = head->on_full == 1;
	t->process.tick_ns = head->tick_ns;
	count = head->argc < c.left ? head->argc : c.left;
	arguments = seep_arena_take(&t->arena, (count + 1) * sizeof(*arguments));
	if (!arguments)
		return -1;
	t->process.arguments = arguments;
	for (size_t i = 0; i < count + 2; i++) {
		const char *text = take_string(&c, t);

		if (!text)
			return c.short_of ? short_frame(t, p) : -1;
		if (i == 0)
			t->process.executable = text;
		else if (i == 1)
			t->process.directory = text;
		else
			arguments[t->process.argument_count++] = text;
	}
	return 0;
}

static int read_module(struct seep_trace *t, const struct seep_payload *p, struct cursor *c)
{
	const struct seep_trace_module *record = take(c, sizeof(*record));
	const char *path = record ? take_text(c, record->path_bytes) : NULL;
	struct seep_module *module;
	bool added;

	if (!path)
		return short_frame(t, p);
	if (!record->number || record->number >= SEEP_MODULE_LOST || record->end < record->start ||
		record->build_id_bytes > sizeof(record->build_id))
		return fault_in(t, p, "describes a module with an impossible number, range or build-id");
	if (!seep_trace_keep(t, sizeof(*module) + record->path_bytes))
		return 0;
	if (!seep_map_at(&t->module_index, record->number, 0, (uint32_t)t->module_count, &added))
		return -1;
	if (!added)
		return fault_in(t, p, "describes a module twice; the first description counts");
	if (seep_array_reserve(&t->modules, &t->module_capacity, t->module_count + 1, sizeof(*module)) < 0)
		return -1;
	module = &t->modules[t->module_count];
	*module = (struct seep_module){
		.number = record->number,
		.path = seep_arena_text(&t->arena, path, record->path_bytes),
		.start = record->start,
		.end = record->end,
		.bias = record->bias,
		.build_id_bytes = record->build_id_bytes,
	};
	memcpy(module->build_id, record->build_id, sizeof(module->build_id));
	if (!module->path)
		return -1;
	t->module_count++;
	return 0;
}

/* Returns whether the node is as it should be; if not, it is bent so that it can do no harm. */
static bool add_node(struct seep_trace *t, struct seep_trace_node node)
{
	uint32_t number = t->node_count++;
	bool good = true;

	if (node.parent >= number || t->depths[node.parent] >= SEEP_DEPTH_MAX) {
		node.parent = 0;
		good = false;
	}
	if (node.module && node.module < SEEP_MODULE_LOST && !seep_trace_module(t, node.module)) {
		node.module = 0;
		good = false;
	}
	t->nodes[number] = node;
	t->depths[number] = (uint16_t)(t->depths[node.parent] + 1);
	return good;
}

static int read_stacks(struct seep_trace *t, const struct seep_payload *p)
{
	struct cursor c = {p->raw, p->raw_bytes, false};
	const struct seep_trace_stacks *head = take(&c, sizeof(*head));
	const struct seep_trace_node *nodes = (const void *)c.at;
	size_t count = entries_of(p, c.left, sizeof(*nodes)), bent = 0;
	int plausible;

	if (!head)
		return short_frame(t, p);
	if (head->first < t->node_count || count > UINT32_MAX - head->first)
		return fault_in(t, p, "gives numbers to stacks that are taken already, and was left out");
	plausible = seep_trace_assume_nodes(t, head->first);
	if (!plausible)
		return fault_in(t, p, "follows more stacks than can be missing, and was left out");
	if (!seep_trace_keep(t, count * (sizeof(*nodes) + sizeof(*t->depths))))
		return 0;
	if (plausible < 0 || seep_trace_reserve_nodes(t, head->first + count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		bent += !add_node(t, nodes[i]);
	if (bent && fault_in(t, p, "names parents or modules that the trace does not hold") < 0)
		return -1;
	return count < p->entries ? short_frame(t, p) : 0;
}

static int read_tag(struct seep_trace *t, const struct seep_payload *p, struct cursor *c)
{
	const struct seep_trace_tag *record = take(c, sizeof(*record));
	const char *text = record ? take_text(c, record->text_bytes) : NULL;
	bool added;

	if (!text)
		return short_frame(t, p);
	if (!record->number)
		return fault_in(t, p, "describes a tag with the number 0");
	if (!seep_trace_keep(t, sizeof(*t->tags) + record->text_bytes))
		return 0;
	if (!seep_map_at(&t->tag_index, record->number, 0, (uint32_t)t->tag_count, &added))
		return -1;
	if (!added)
		return fault_in(t, p, "describes a tag twice; the first description counts");
	if (seep_array_reserve(&t->tags, &t->tag_capacity, t->tag_count + 1, sizeof(*t->tags)) < 0)
		return -1;
	t->tags[t->tag_count] = seep_arena_text(&t->arena, text, record->text_bytes);
	return t->tags[t->tag_count++] ? 0 : -1;
}

static int read_note(struct seep_trace *t, const struct seep_payload *p, struct cursor *c)
{
	const struct seep_trace_note *record = take(c, sizeof(*record));
	const char *text = record ? take_text(c, record->text_bytes) : NULL;
	struct seep_note *note;
	uint32_t index;

	if (!text)
		return short_frame(t, p);
	if (!seep_trace_keep(t, sizeof(*note) + record->text_bytes))
		return 0;
	if (seep_array_reserve(&t->notes, &t->note_capacity, t->note_count + 1, sizeof(*note)) < 0)
		return -1;
	note = &t->notes[t->note_count];
	note->time_ns = record->time_ns;
	note->value = record->value;
	note->code = record->code;
	note->text = seep_arena_text(&t->arena, text, record->text_bytes);
	if (!note->text)
		return -1;
	t->note_count++;
	if (note->code == SEEP_NOTE_MODULE_GONE && note->value <= UINT32_MAX) {
		index = seep_map_find(&t->module_index, note->value, 0, UINT32_MAX);
		if (index != UINT32_MAX)
			t->modules[index].gone = true;
	}
	return 0;
}

/* Records of varying length: calls `read` for each that the frame claims, as long as there are bytes. */
static int read_each(struct seep_trace *t, const struct seep_payload *p,
	int (*read)(struct seep_trace *t, const struct seep_payload *p, struct cursor *c))
{
	struct cursor c = {p->raw, p->raw_bytes, false};

	for (uint32_t i = 0; i < p->entries && !c.short_of; i++)
		if (read(t, p, &c) < 0)
			return -1;
	return 0;
}

/* Another frame of an epoch that did not fit into one: its head's figures are those of the same epoch, and count once. */
static void join_epoch(struct seep_trace_epoch *old, const struct seep_trace_epoch *more)
{
#define LARGER(field) (old->field = more->field > old->field ? more->field : old->field)
	LARGER(end_ns);
	LARGER(live_count);
	LARGER(live_bytes);
	LARGER(unknown_frees);
	LARGER(dropped_events);
	LARGER(rss_bytes);
	if (more->peak_bytes > old->peak_bytes) {
		old->peak_bytes = more->peak_bytes;
		old->peak_at_ns = more->peak_at_ns;
	}
#undef LARGER
}

/* Finds or makes the epoch of a head. Returns its index, or -1 without memory, or -2 if the head is out of order. */
static int64_t place_epoch(struct seep_trace *t, const struct seep_payload *p, const struct seep_trace_epoch *head)
{
	struct seep_epoch *last = t->epoch_count ? &t->epochs[t->epoch_count - 1] : NULL;
	const char *wrong = NULL;

	if (last && head->number == last->head.number && head->start_ns == last->head.start_ns) {
		join_epoch(&last->head, head);
		last->frames++;
		return (int64_t)t->epoch_count - 1;
	}
	if (head->end_ns < head->start_ns || (last && head->number <= last->head.number) ||
		(last && head->start_ns < last->head.end_ns))
		return fault_in(t, p,
			       "is an epoch that ends before it begins or lies before the last one; it was left out") <
				       0
			       ? -1
			       : -2;
	if (last && (head->number != last->head.number + 1 || head->start_ns != last->head.end_ns))
		wrong = "does not follow the epoch before it: one is missing";
	else if (!last && head->number != head->merged)
		wrong = "is not the first epoch: one is missing";
	if (wrong && fault_in(t, p, wrong) < 0)
		return -1;
	if (!seep_trace_keep(t, sizeof(*last)))
		return -2;
	if (seep_array_reserve(&t->epochs, &t->epoch_capacity, t->epoch_count + 1, sizeof(*last)) < 0)
		return -1;
	t->epochs[t->epoch_count] = (struct seep_epoch){.head = *head, .offset = p->offset, .frames = 1};
	return (int64_t)t->epoch_count++;
}

static int read_epoch(struct seep_trace *t, const struct seep_payload *p)
{
	struct cursor c = {p->raw, p->raw_bytes, false};
	const struct seep_trace_epoch *head = take(&c, sizeof(*head));
	size_t count = entries_of(p, c.left, sizeof(struct seep_trace_site));
	int64_t epoch;

	if (!head)
		return short_frame(t, p);
	epoch = place_epoch(t, p, head);
	if (epoch < 0)
		return epoch == -1 ? -1 : 0;
	t->epochs[epoch].sites += (uint32_t)count;
	if (seep_history_add(t, (size_t)epoch, (const void *)c.at, count) < 0)
		return -1;
	return count < p->entries ? short_frame(t, p) : 0;
}

static int read_live(struct seep_trace *t, const struct seep_payload *p)
{
	size_t n = p->entries, head_bytes = sizeof(struct seep_trace_live);
	struct seep_live_columns live = {.count = n};

	if (p->raw_bytes != head_bytes + n * (2 * sizeof(uint64_t) + 3 * sizeof(uint32_t)))
		return fault_in(t, p, "has not the size of the blocks it claims, and was left out");
	if (!n)
		return 0;
	live.counts = (const void *)(p->raw + head_bytes);
	live.bytes = live.counts + n;
	live.stacks = (const void *)(live.bytes + n);
	live.tags = live.stacks + n;
	live.births = live.tags + n;
	return seep_history_add_live(t, &live);
}

static int read_end(struct seep_trace *t, const struct seep_payload *p)
{
	if (p->raw_bytes < sizeof(t->end))
		return short_frame(t, p);
	memcpy(&t->end, p->raw, sizeof(t->end));
	t->has_end = true;
	return 0;
}

static int read_payload(struct seep_trace *t, const struct seep_payload *p)
{
	if (t->has_end)
		return fault_in(t, p, "comes after the end and was left out");
	if (!t->has_process && p->kind != SEEP_FRAME_PROCESS && t->kinds[SEEP_FRAME_PROCESS].frames == 0 &&
		p->sequence == 0 && fault_in(t, p, "stands where the process should be described") < 0)
		return -1;
	switch (p->kind) {
	case SEEP_FRAME_PROCESS:
		return read_process(t, p);
	case SEEP_FRAME_MODULES:
		return read_each(t, p, read_module);
	case SEEP_FRAME_STACKS:
		return read_stacks(t, p);
	case SEEP_FRAME_EPOCH:
		return read_epoch(t, p);
	case SEEP_FRAME_LIVE:
		return read_live(t, p);
	case SEEP_FRAME_NOTE:
		return read_each(t, p, read_note);
	case SEEP_FRAME_END:
		return read_end(t, p);
	case SEEP_FRAME_TAGS:
		return read_each(t, p, read_tag);
	default: /* from a later version: not needed to read the rest */
		return 0;
	}
}

static int read_frames(struct seep_trace *t, const struct seep_progress *progress, struct seep_error *error)
{
	struct seep_payload payload;
	int more;

	while ((more = seep_frames_next(t->frames, &payload, error)) > 0) {
		struct seep_kind_total *total = &t->kinds[payload.kind < SEEP_KINDS ? payload.kind : 0];

		if (read_payload(t, &payload) < 0)
			return seep_error_set(
				error, "%s: out of memory at offset %llu", t->name, (unsigned long long)payload.offset);
		total->frames++;
		total->entries += payload.entries;
		total->raw_bytes += payload.raw_bytes;
		total->stored_bytes += payload.stored_bytes + sizeof(struct seep_trace_frame);
		if (progress)
			progress->tell(progress->context, payload.offset, t->file_bytes);
	}
	return more;
}

static bool process_lives(const struct seep_trace *t)
{
	pid_t pid = (pid_t)t->process.pid;

	return t->has_process && pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static int read_all(struct seep_trace *t, const struct seep_progress *progress, struct seep_error *error)
{
	t->file_bytes = seep_frames_bytes(t->frames);
	t->version = seep_frames_version(t->frames);
	t->process.executable = t->process.directory = "";
	if (seep_trace_reserve_nodes(t, 1) < 0)
		return seep_error_set(error, "%s: out of memory", t->name);
	t->nodes[0] = (struct seep_trace_node){0};
	t->depths[0] = 0;
	t->node_count = 1;
	if (read_frames(t, progress, error) < 0)
		return -1;
	t->health = *seep_frames_health(t->frames);
	if (t->has_end)
		t->state = SEEP_TRACE_FINISHED;
	else
		t->state = seep_frames_being_written(t->frames) ? SEEP_TRACE_RUNNING : SEEP_TRACE_RECOVERED;
	seep_history_finish(t);
	return 0;
}

static struct seep_trace *create(const char *name, struct seep_error *error)
{
	struct seep_trace *t = calloc(1, sizeof(*t));

	if (t) {
		t->recovered_fd = -1;
		t->name = t->source = seep_arena_text(&t->arena, name, strlen(name));
	}
	if (!t || !t->name) {
		seep_trace_free(t);
		seep_error_set(error, "%s: out of memory", name);
		return NULL;
	}
	return t;
}

/* recovered_fd: of what to read in the file's stead, which is taken; -1: nothing. */
static int read_file(struct seep_trace **trace, const char *path, int recovered_fd,
	const struct seep_progress *progress, struct seep_error *error)
{
	struct seep_trace *t = create(path, error);
	char source[40];

	*trace = NULL;
	if (!t) {
		if (recovered_fd >= 0)
			close(recovered_fd);
		return -1;
	}
	t->recovered_fd = recovered_fd;
	if (recovered_fd >= 0) {
		snprintf(source, sizeof(source), "/proc/self/fd/%d", recovered_fd);
		t->source = seep_arena_text(&t->arena, source, strlen(source));
		if (!t->source) {
			seep_trace_free(t);
			return seep_error_set(error, "%s: out of memory", path);
		}
	}
	if (seep_frames_open(&t->frames, t->source, error) < 0 || read_all(t, progress, error) < 0) {
		seep_trace_free(t);
		return -1;
	}
	*trace = t;
	return 0;
}

/* A trace without an end may have been left with all that it lacks. If that is of no use, the trace is what there is. */
static void recover(struct seep_trace **trace, const struct seep_progress *progress)
{
	struct seep_trace *whole;
	struct seep_error error;
	int fd = seep_recovery_run((*trace)->name, &error);

	if (fd >= 0 && read_file(&whole, (*trace)->name, fd, progress, &error) == 0) {
		seep_trace_free(*trace);
		*trace = whole;
		return;
	}
	seep_trace_fault(*trace, "What its collector left beside it could not be used: %s.", error.text);
}

int seep_trace_read(
	struct seep_trace **trace, const char *path, const struct seep_progress *progress, struct seep_error *error)
{
	const struct timespec pause = {.tv_nsec = FINISH_POLL_MS * 1000000L};
	unsigned waited_ms = 0;

	if (read_file(trace, path, -1, progress, error) < 0)
		return -1;
	while ((*trace)->state == SEEP_TRACE_RUNNING && !process_lives(*trace) && waited_ms < FINISH_WAIT_MS) {
		nanosleep(&pause, NULL);
		waited_ms += FINISH_POLL_MS;
		seep_trace_free(*trace);
		if (read_file(trace, path, -1, progress, error) < 0)
			return -1;
	}
	if ((*trace)->state == SEEP_TRACE_RECOVERED && seep_recovery_possible(path))
		recover(trace, progress);
	return 0;
}

int seep_trace_read_memory(
	struct seep_trace **trace, const char *name, const void *bytes, size_t count, struct seep_error *error)
{
	struct seep_trace *t = create(name, error);

	*trace = NULL;
	if (!t)
		return -1;
	if (seep_frames_open_memory(&t->frames, name, bytes, count, error) < 0 || read_all(t, NULL, error) < 0) {
		seep_trace_free(t);
		return -1;
	}
	*trace = t;
	return 0;
}

void seep_trace_free(struct seep_trace *t)
{
	if (!t)
		return;
	seep_frames_close(t->frames);
	if (t->recovered_fd >= 0)
		close(t->recovered_fd);
	seep_map_clear(&t->module_index);
	seep_map_clear(&t->tag_index);
	seep_map_clear(&t->site_index);
	free(t->modules);
	free(t->nodes);
	free(t->depths);
	free(t->epochs);
	free(t->sites);
	free(t->points);
	free(t->notes);
	free(t->tags);
	free(t->faults);
	free(t->points_of_site);
	free(t->points_by_site);
	seep_arena_clear(&t->arena);
	free(t);
}

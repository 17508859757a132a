/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.c: modules and stacks into the trace. Called by recording.c before the sites that name them, and by recover.c. One thread; the program
 * may go on meanwhile and may write anything anywhere, so an entry is copied before it is checked.
 */
#include "tree.h"

#include "seep/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NODES_A_FRAME (512u * 1024)
#define MODULES_A_FRAME 1024u
#define PATH_ALIGNED (4096u + 8)
#define RAW_BYTES (sizeof(struct seep_trace_stacks) + NODES_A_FRAME * sizeof(struct seep_trace_node))

_Static_assert(RAW_BYTES <= SEEP_FRAME_RAW_MAX, "fits a frame");
_Static_assert(MODULES_A_FRAME *(sizeof(struct seep_trace_module) + PATH_ALIGNED) <= RAW_BYTES, "fits a frame");

int seep_tree_open(struct seep_tree *t, const struct seep_region *region)
{
	memset(t, 0, sizeof(*t));
	t->gone = calloc(region->modules_max + UINT64_C(1), sizeof(*t->gone));
	t->raw = malloc(RAW_BYTES);
	if (t->gone && t->raw)
		return 0;
	seep_tree_close(t);
	errno = ENOMEM;
	return -1;
}

void seep_tree_close(struct seep_tree *t)
{
	free(t->gone);
	free(t->raw);
	memset(t, 0, sizeof(*t));
}

/* Appends a module to the payload, returns its size there. */
static size_t module_put(uint8_t *raw, uint32_t number, const struct seep_wire_module *shared, const char *executable)
{
	struct seep_wire_module copy;
	struct seep_trace_module module = {.number = number};
	const char *path = copy.path;
	size_t aligned;

	memcpy(&copy, (const void *)shared, sizeof(copy));
	copy.path[sizeof(copy.path) - 1] = 0;
	if (!copy.path[0])
		path = executable;
	module.start = copy.start;
	module.end = copy.end;
	module.bias = copy.bias;
	if (copy.build_id_bytes <= sizeof(module.build_id)) {
		module.build_id_bytes = copy.build_id_bytes;
		memcpy(module.build_id, copy.build_id, copy.build_id_bytes);
	}
	module.path_bytes = (uint32_t)strnlen(path, 4096);
	aligned = (module.path_bytes + 7u) / 8 * 8;
	memset(raw, 0, sizeof(module) + aligned);
	memcpy(raw, &module, sizeof(module));
	memcpy(raw + sizeof(module), path, module.path_bytes);
	return sizeof(module) + aligned;
}

static int modules_write(struct seep_tree *t, const struct seep_region *region, uint32_t used, const char *executable,
	struct seep_writer *writer)
{
	while (t->modules_written < used) {
		uint32_t count = used - t->modules_written;
		size_t bytes = 0;

		if (count > MODULES_A_FRAME)
			count = MODULES_A_FRAME;
		for (uint32_t i = 1; i <= count; i++)
			bytes += module_put(t->raw + bytes, t->modules_written + i,
				&region->modules[t->modules_written + i], executable);
		if (seep_writer_frame(writer, SEEP_FRAME_MODULES, count, t->raw, bytes) < 0)
			return -1;
		t->modules_written += count;
	}
	return 0;
}

static bool module_exists(const struct seep_tree *t, uint32_t module)
{
	return module <= t->modules_written || module == SEEP_WIRE_TRUNCATED || module == SEEP_WIRE_LOST;
}

static int nodes_write(struct seep_tree *t, const struct seep_region *region, uint32_t used, struct seep_notes *notes,
	uint64_t now_ns, struct seep_writer *writer)
{
	while (t->nodes_written < used) {
		struct seep_trace_stacks head = {.first = t->nodes_written + 1};
		struct seep_trace_node *nodes = (struct seep_trace_node *)(t->raw + sizeof(head));
		uint32_t count = used - t->nodes_written, broken = 0;

		if (count > NODES_A_FRAME)
			count = NODES_A_FRAME;
		memcpy(t->raw, &head, sizeof(head));
		_Static_assert(
			sizeof(struct seep_trace_node) == sizeof(struct seep_wire_node), "the same three fields");
		memcpy(nodes, &region->nodes[head.first], count * sizeof(*nodes));
		for (uint32_t i = 0; i < count; i++) {
			if (nodes[i].parent < head.first + i && module_exists(t, nodes[i].module))
				continue;
			nodes[i] = (struct seep_trace_node){0};
			broken++;
		}
		if (broken)
			seep_notes_fault(notes, now_ns, "%u frames of the stack tree made no sense", broken);
		if (seep_writer_frame(writer, SEEP_FRAME_STACKS, count, t->raw, sizeof(head) + count * sizeof(*nodes)) <
			0)
			return -1;
		t->nodes_written += count;
	}
	return 0;
}

void seep_tree_gone(struct seep_tree *t, uint32_t module, struct seep_notes *notes, uint64_t now_ns)
{
	t->gone[module] = true;
	seep_notes_add(notes, now_ns, SEEP_NOTE_MODULE_GONE, module, NULL, 0);
}

static void gone_note(struct seep_tree *t, const struct seep_region *region, struct seep_notes *notes, uint64_t now_ns)
{
	for (uint32_t i = 1; i <= t->modules_written; i++) {
		if (t->gone[i] || !atomic_load_explicit(&region->modules[i].gone, memory_order_relaxed))
			continue;
		if (t->journal)
			seep_journal_record(t->journal, SEEP_JOURNAL_GONE, i, 0, NULL, 0);
		seep_tree_gone(t, i, notes, now_ns);
	}
}

int seep_tree_write(struct seep_tree *t, const struct seep_region *region, const char *executable,
	struct seep_notes *notes, uint64_t now_ns, struct seep_writer *writer)
{
	uint32_t nodes = seep_region_nodes_used(region);
	uint32_t modules = seep_region_modules_used(region); /* after the nodes, which name only modules that exist */

	if (modules_write(t, region, modules, executable, writer) < 0 ||
		nodes_write(t, region, nodes, notes, now_ns, writer) < 0)
		return -1;
	if (!t->again)
		gone_note(t, region, notes, now_ns);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * model.c: the small questions that everybody asks a trace, and the faults that reading it collects.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

#define FAULTS_TOLD 12
#define KEEP_FREE ((uint64_t)128 << 20)
#define KEEP_RATIO 1024u /* a recursion through all its stacks in every epoch reaches some 500 */
#define ASSUMED_FREE ((uint64_t)1 << 16)
#define ASSUMED_RATIO 4u

const struct seep_module *seep_trace_module(const struct seep_trace *trace, uint32_t number)
{
	uint32_t index = seep_map_find(&trace->module_index, number, 0, UINT32_MAX);

	return index == UINT32_MAX ? NULL : &trace->modules[index];
}

const char *seep_trace_tag(const struct seep_trace *trace, uint32_t number)
{
	uint32_t index;

	if (!number)
		return NULL;
	index = seep_map_find(&trace->tag_index, number, 0, UINT32_MAX);
	return index == UINT32_MAX ? "?" : trace->tags[index];
}

int seep_trace_fault(struct seep_trace *trace, const char *format, ...)
{
	char sentence[400];
	va_list arguments;
	const char *copy;

	if (trace->fault_count >= FAULTS_TOLD) {
		trace->faults_untold++;
		return 0;
	}
	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	copy = seep_arena_text(&trace->arena, sentence, strlen(sentence));
	if (!copy || seep_array_reserve(&trace->faults, &trace->fault_capacity, trace->fault_count + 1,
			     sizeof(*trace->faults)) < 0)
		return -1;
	trace->faults[trace->fault_count++] = copy;
	return 0;
}

bool seep_trace_keep(struct seep_trace *trace, size_t bytes)
{
	if (trace->kept_bytes + bytes <= KEEP_FREE + KEEP_RATIO * trace->file_bytes) {
		trace->kept_bytes += bytes;
		return true;
	}
	if (!trace->overfull)
		seep_trace_fault(trace,
			"The trace claims to hold more than a file of its size can; what came later was left out.");
	trace->overfull = true;
	return false;
}

int seep_trace_reserve_nodes(struct seep_trace *trace, size_t end)
{
	if (seep_array_reserve(&trace->nodes, &trace->node_capacity, end, sizeof(*trace->nodes)) < 0)
		return -1;
	return seep_array_reserve(&trace->depths, &trace->depth_capacity, end, sizeof(*trace->depths));
}

int seep_trace_assume_nodes(struct seep_trace *trace, uint64_t end)
{
	uint64_t lost_frames = seep_frames_health(trace->frames)->lost_frames;
	uint64_t missing = end > trace->node_count ? end - trace->node_count : 0;

	if (!missing)
		return 1;
	if (!lost_frames || end > UINT32_MAX || missing > ASSUMED_FREE + ASSUMED_RATIO * trace->file_bytes ||
		!seep_trace_keep(trace, (size_t)missing * (sizeof(*trace->nodes) + sizeof(*trace->depths))))
		return 0;
	if (seep_trace_reserve_nodes(trace, (size_t)end) < 0)
		return -1;
	for (; trace->node_count < end; trace->node_count++) {
		trace->nodes[trace->node_count] = (struct seep_trace_node){.module = SEEP_MODULE_LOST};
		trace->depths[trace->node_count] = 1;
	}
	return 1;
}

bool seep_trace_knows_errors(const struct seep_trace *trace)
{
	return trace->process.sample_bytes && trace->has_end;
}

bool seep_trace_complete(const struct seep_trace *trace)
{
	return trace->state == SEEP_TRACE_FINISHED && !trace->health.lost_frames && !trace->health.skipped_bytes &&
	       !trace->totals.dropped_events && !trace->fault_count;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * births.c: reads the LIVE frames of a trace once more, as the model keeps only sums of them.
 */
#include <stdlib.h>

#include "births.h"
#include "history.h"

struct slice {
	const struct seep_trace *trace;
	uint64_t from_ns, to_ns;
	struct seep_trace_count *counts;
};

/* The columns of one frame, checked as reader.c does. */
static void add_frame(const struct slice *s, const struct seep_payload *p)
{
	size_t n = p->entries, head = sizeof(struct seep_trace_live);
	const uint64_t *blocks, *bytes;
	const uint32_t *stacks, *tags, *births;

	if (p->raw_bytes < head || (p->raw_bytes - head) / (2 * sizeof(uint64_t) + 3 * sizeof(uint32_t)) < n)
		return;
	blocks = (const void *)(p->raw + head);
	bytes = blocks + n;
	stacks = (const void *)(bytes + n);
	tags = stacks + n;
	births = tags + n;
	for (size_t i = 0; i < n; i++) {
		uint64_t birth_ns = (uint64_t)births[i] * s->trace->process.tick_ns;
		uint32_t stack = stacks[i] < s->trace->node_count ? stacks[i] : 0;
		uint32_t site = seep_map_find(&s->trace->site_index, stack, tags[i], UINT32_MAX);
		uint64_t sum;

		if (birth_ns < s->from_ns || birth_ns >= s->to_ns || site >= s->trace->site_count ||
			!seep_live_bytes(blocks[i], bytes[i], &sum))
			continue;
		s->counts[site].count += blocks[i];
		s->counts[site].bytes += sum;
	}
}

int seep_births_between(struct seep_trace *trace, uint64_t from_ns, uint64_t to_ns, struct seep_trace_count *counts,
	struct seep_error *error)
{
	const struct slice slice = {trace, from_ns, to_ns, counts};
	struct seep_frames *frames;
	struct seep_payload payload;
	int more;

	if (seep_frames_open(&frames, trace->source, error) < 0)
		return -1;
	while ((more = seep_frames_next(frames, &payload, error)) > 0)
		if (payload.kind == SEEP_FRAME_LIVE)
			add_frame(&slice, &payload);
	seep_frames_close(frames);
	return more;
}

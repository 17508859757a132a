/* SPDX-License-Identifier: Apache-2.0
 *
 * folded.c: frames from the root to the leaf, with ';' between them and the weight behind the last blank, which is what
 * flamegraph.pl, inferno, speedscope and d3-flame-graph's converters read. Called by cmd_report.c.
 */
#include <inttypes.h>

#include "folded.h"
#include "printable.h"

/* A name that the format can carry: ';' separates frames. */
static int put_name(FILE *out, struct seep_arena *arena, const char *name)
{
	char *copy = seep_printable(arena, name);

	if (!copy)
		return -1;
	for (char *c = copy; *c; c++)
		if (*c == ';')
			*c = ':';
	fputs(copy, out);
	return 0;
}

static int put_row(FILE *out, const struct seep_report *r, const struct seep_row *row)
{
	static const char *const ends[] = {NULL, "[cut at the depth limit]", "[no unwind information]"};
	const char *end = ends[seep_paths_end(r->paths, row->path)];
	struct seep_trace_count of = seep_report_measure(r, row);
	struct seep_arena arena = {0};
	const struct seep_frame *frames;
	int64_t count = seep_paths_frames(r->paths, row->path, &frames);
	int result = count < 0 ? -1 : 0;

	if (end)
		fprintf(out, "%s%s", end, count ? ";" : "");
	for (int64_t i = count - 1; i >= 0 && result == 0; i--) {
		result = put_name(out, &arena, frames[i].function);
		if (i)
			fputc(';', out);
	}
	if (!count && !end)
		fputs("(no stack)", out);
	fprintf(out, " %" PRIu64 "\n", r->options.sort == SEEP_SORT_COUNT ? of.count : of.bytes);
	seep_arena_clear(&arena);
	return result;
}

int seep_folded_write(FILE *stream, const struct seep_report *report)
{
	for (size_t i = 0; i < report->row_count; i++)
		if (put_row(stream, report, &report->rows[i]) < 0)
			return -1;
	return 0;
}

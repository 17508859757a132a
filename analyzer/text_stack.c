/* SPDX-License-Identifier: Apache-2.0
 *
 * text_stack.c: frames as an indented path. Recursion is told once, the frames that start every program not at all, and a
 * deep stack is cut at its outer end.
 */
#include <stdlib.h>
#include <string.h>

#include "printable.h"
#include "text_stack.h"

#define INDENT_MAX 12
#define PLACE_COLUMN_MAX 64 /* a longer function pushes only its own place aside */
#define PLACE_COLUMNS_MAX 1000
#define PERIOD_MAX 8 /* frames of a cycle of recursion */
#define FRAMES_SPARED 4 /* so few are not worth leaving out */

struct line {
	const char *function;
	const char *place;
	size_t columns; /* of the indentation and the function */
	bool inlined;
	size_t period; /* how many lines, this one the last of them, come again `repeated` times after it */
	size_t repeated;
};

static bool same_frame(const struct seep_frame *a, const struct seep_frame *b)
{
	return a->line == b->line && a->inlined == b->inlined && !strcmp(a->function, b->function) &&
	       !strcmp(a->file ? a->file : "", b->file ? b->file : "") && !strcmp(a->module, b->module);
}

static size_t indent(size_t line)
{
	return line < INDENT_MAX ? line : INDENT_MAX;
}

/* How often the `period` frames before `at` come again from there on. */
static size_t repeats(const struct seep_frame *frames, size_t count, size_t at, size_t period)
{
	size_t same = 0;

	while (at + same < count && same_frame(&frames[at + same], &frames[at + same - period]))
		same++;
	return same / period;
}

/* What recursion repeats is told once: how many frames from `at` on are so told, with the period. */
static size_t find_repeats(const struct seep_frame *frames, size_t count, size_t at, size_t start, size_t *period)
{
	for (*period = 1; *period <= PERIOD_MAX && *period <= at - start; ++*period) {
		size_t told = repeats(frames, count, at, *period) * *period;

		if (told >= 3)
			return told;
	}
	return 0;
}

/* The frames as lines, at most `max`. Returns how many; *used is how many frames they tell of. */
static size_t make_lines(struct seep_pen *pen, const struct seep_frame *frames, size_t count, struct line *lines,
	size_t max, size_t *used)
{
	size_t n = 0, at = 0, start = 0, period;

	while (at < count) {
		size_t told = n ? find_repeats(frames, count, at, start, &period) : 0;

		if (told) {
			lines[n - 1].period = period;
			lines[n - 1].repeated = told / period;
			at += told;
			start = at;
			continue;
		}
		if (n == max)
			break;
		lines[n].function = seep_pen_safe(pen, frames[at].function);
		lines[n].place = seep_pen_place(pen, &frames[at], PLACE_COLUMNS_MAX);
		lines[n].columns = indent(n) + seep_columns(lines[n].function);
		lines[n].inlined = frames[at].inlined;
		lines[n].repeated = 0;
		n++;
		at++;
	}
	*used = at;
	return n;
}

static void put_repeated(struct seep_pen *pen, const struct line *line, size_t number)
{
	fprintf(pen->out->stream, "   %*s%s... ", (int)indent(number), "", seep_pen_style(pen, SEEP_STYLE_FAINT));
	if (line->period == 1)
		fprintf(pen->out->stream, "the same frame %zu more times%s\n", line->repeated,
			seep_pen_style(pen, SEEP_STYLE_PLAIN));
	else
		fprintf(pen->out->stream, "the last %zu frames %zu more time%s%s\n", line->period, line->repeated,
			seep_plural(line->repeated), seep_pen_style(pen, SEEP_STYLE_PLAIN));
}

static void put_lines(struct seep_pen *pen, const struct line *lines, size_t count, const struct seep_frame *named)
{
	const char *name = seep_pen_safe(pen, named->function);
	size_t column = 0;

	for (size_t i = 0; i < count; i++)
		if (lines[i].columns > column && lines[i].columns <= PLACE_COLUMN_MAX)
			column = lines[i].columns;
	for (size_t i = 0; i < count; i++) {
		int gap = lines[i].columns < column ? (int)(column - lines[i].columns) : 0;
		bool is_named = !strcmp(lines[i].function, name);

		fprintf(pen->out->stream, "   %*s%s%s%s%*s  %s%s\n", (int)indent(i), "",
			is_named ? seep_pen_style(pen, SEEP_STYLE_STRONG) : "", lines[i].function,
			is_named ? seep_pen_style(pen, SEEP_STYLE_PLAIN) : "", gap, "", lines[i].place,
			lines[i].inlined ? " (inlined)" : "");
		if (lines[i].repeated)
			put_repeated(pen, &lines[i], i);
	}
}

/* Without the frames that start every program and thread, at the outer end. */
static size_t without_start(const struct seep_frame *frames, size_t count, const struct seep_frame *named)
{
	static const char *const starts[] = {"_start", "__libc_start_main", "__libc_start_main_impl",
		"__libc_start_call_main", "clone", "clone3", "__clone3", "__GI___clone3"};
	size_t i;

	while (count > 1 && strcmp(frames[count - 1].function, named->function) != 0) {
		for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
			if (!strcmp(frames[count - 1].function, starts[i]))
				break;
		if (i == sizeof(starts) / sizeof(starts[0]))
			break;
		count--;
	}
	return count;
}

int seep_text_stack(struct seep_pen *pen, const struct seep_report *r, const struct seep_row *row, uint64_t depth)
{
	const struct seep_frame *frames;
	int64_t all = seep_paths_frames(r->paths, row->path, &frames);
	enum seep_path_end end = seep_paths_end(r->paths, row->path);
	size_t count, max, used, n;
	struct line *lines;
	FILE *out = pen->out->stream;

	if (all < 0)
		return -1;
	count = without_start(frames, (size_t)all, &row->at);
	max = count <= depth || count - depth <= FRAMES_SPARED ? count : (size_t)depth;
	lines = malloc((max + 1) * sizeof(*lines));
	if (!lines)
		return -1;
	n = make_lines(pen, frames, count, lines, max, &used);
	put_lines(pen, lines, n, &row->at);
	free(lines);
	if (count > used)
		fprintf(out, "   ... and %zu frames further out (--depth %zu)\n", count - used, count);
	else if (end == SEEP_PATH_TRUNCATED)
		fputs("   ... cut here: the recording kept no more frames\n", out);
	else if (end == SEEP_PATH_LOST)
		fputs("   ... not known further: code without unwind information\n", out);
	return 0;
}

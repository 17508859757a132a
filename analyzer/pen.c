/* SPDX-License-Identifier: Apache-2.0
 *
 * pen.c: the helpers of text.c, text_stack.c and cmd_info.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pen.h"
#include "printable.h"

void seep_pen_take(struct seep_pen *pen, const struct seep_output *out)
{
	*pen = (struct seep_pen){.out = out, .directory = getcwd(NULL, 0)};
}

void seep_pen_put_down(struct seep_pen *pen)
{
	seep_arena_clear(&pen->arena);
	free(pen->directory);
}

const char *seep_pen_style(const struct seep_pen *pen, enum seep_style style)
{
	return seep_output_style(pen->out, style);
}

const char *seep_pen_safe(struct seep_pen *pen, const char *text)
{
	const char *copy = seep_printable(&pen->arena, text);

	return copy ? copy : "?";
}

const char *seep_pen_keep(struct seep_pen *pen, const char *text)
{
	return seep_arena_text(&pen->arena, text, strlen(text));
}

static const char *place_in_module(struct seep_pen *pen, const char *module, size_t columns)
{
	char *text;

	if (!*module)
		return "";
	text = seep_arena_take(&pen->arena, strlen(module) + sizeof("in "));
	if (!text)
		return "?";
	sprintf(text, "in %s", module);
	return seep_cut_end(&pen->arena, seep_pen_safe(pen, text), columns);
}

const char *seep_pen_place(struct seep_pen *pen, const struct seep_frame *frame, size_t columns)
{
	const char *file = frame->file;
	size_t below = pen->directory ? strlen(pen->directory) : 0;
	char *text;

	if (!file)
		return place_in_module(pen, frame->module, columns);
	if (below > 1 && !strncmp(file, pen->directory, below) && file[below] == '/')
		file += below + 1;
	text = seep_arena_take(&pen->arena, strlen(file) + 16);
	if (!text)
		return "?";
	sprintf(text, frame->line ? "%s:%u" : "%s", file, frame->line);
	return seep_cut_start(&pen->arena, seep_pen_safe(pen, text), columns);
}

const char *seep_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

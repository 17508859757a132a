/* SPDX-License-Identifier: Apache-2.0
 *
 * output.h: stdout as commands see it: whether it is a terminal, how wide, in colour or not, and whether all that was
 * written has arrived. For the commands and text.c.
 */
#ifndef SEEP_OUTPUT_H
#define SEEP_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "command.h"

enum seep_color { SEEP_COLOR_AUTO, SEEP_COLOR_ALWAYS, SEEP_COLOR_NEVER };
extern const char *const seep_color_names[]; /* for --color; in the same order, ends with NULL */

struct seep_output {
	FILE *stream;
	bool color;
	unsigned width; /* columns to keep within; 0: no terminal, as wide as it gets */
};

/* stdout. Colour on a terminal that is not dumb, unless NO_COLOR is set; width from COLUMNS or the terminal. */
struct seep_output seep_output_stdout(enum seep_color color);

enum seep_style { SEEP_STYLE_PLAIN, SEEP_STYLE_STRONG, SEEP_STYLE_WARNING, SEEP_STYLE_FAINT };

/* The escape that begins a style (or, PLAIN, ends it); "" without colour. */
const char *seep_output_style(const struct seep_output *output, enum seep_style style);

/* Flushes. Returns the exit code: 0 also if the reader of a pipe has gone; otherwise says what went wrong. */
int seep_output_finish(const struct seep_output *output, const struct seep_command *command);

#endif

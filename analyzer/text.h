/* SPDX-License-Identifier: Apache-2.0
 *
 * text.h: a report for people: the answer in one sentence, what one has to know about it, a table, and the stacks.
 */
#ifndef SEEP_TEXT_H
#define SEEP_TEXT_H

#include <stdint.h>

#include "output.h"
#include "report.h"

struct seep_text_options {
	uint64_t stacks; /* how many of the first rows are shown with their stack */
	uint64_t depth; /* frames of a stack */
};

/* Writes to output->stream; write errors are left to seep_output_finish. Returns 0, or -1 without memory. */
int seep_text_write(
	const struct seep_output *output, const struct seep_report *report, const struct seep_text_options *options);

#endif

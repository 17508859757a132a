/* SPDX-License-Identifier: Apache-2.0
 *
 * endings.h: how a process ended, in words for people. For text.c and cmd_info.c.
 */
#ifndef SEEP_ENDINGS_H
#define SEEP_ENDINGS_H

#include "model.h"

struct seep_ending {
	char text[64]; /* "exited with status 3", "was killed by SIGKILL", "is running" */
};

const char *seep_ending_of(struct seep_ending *ending, const struct seep_trace *trace);

#endif

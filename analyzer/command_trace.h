/* SPDX-License-Identifier: Apache-2.0
 *
 * command_trace.h: how a command opens the trace that it was given: with progress on a terminal, and complaints in its own name.
 */
#ifndef SEEP_COMMAND_TRACE_H
#define SEEP_COMMAND_TRACE_H

#include "command.h"
#include "model.h"
#include "naming.h"

/* Returns 0 with *trace, to be freed by seep_trace_free; or the exit code, when everything has been said. */
int seep_command_read(const struct seep_command *command, const char *path, struct seep_trace **trace);

/* The same with what names its addresses, to be closed by seep_naming_close before the trace is freed. */
int seep_command_read_named(const struct seep_command *command, const struct seep_naming_options *options,
	const char *path, struct seep_trace **trace, struct seep_naming *naming);

#endif

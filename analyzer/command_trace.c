/* SPDX-License-Identifier: Apache-2.0
 *
 * command_trace.c: see command_trace.h.
 */
#include "command_trace.h"

#include "progress.h"
#include "reader.h"

int seep_command_read(const struct seep_command *command, const char *path, struct seep_trace **trace)
{
	struct seep_meter meter;
	struct seep_error error;
	int status;

	seep_meter_start(&meter, "reading the trace");
	status = seep_trace_read(trace, path, &meter.progress, &error);
	seep_meter_stop(&meter);
	return status < 0 ? seep_command_fail(command, "%s", error.text) : 0;
}

int seep_command_read_named(const struct seep_command *command, const struct seep_naming_options *options,
	const char *path, struct seep_trace **trace, struct seep_naming *naming)
{
	struct seep_error error;
	int status = seep_command_read(command, path, trace);

	if (status)
		return status;
	if (seep_naming_open(naming, options, *trace, &error) < 0) {
		seep_trace_free(*trace);
		return seep_command_fail(command, "%s", error.text);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * endings.c: the END frame as a phrase.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "endings.h"

static void tell(struct seep_ending *e, const char *phrase)
{
	snprintf(e->text, sizeof(e->text), "%s", phrase);
}

static void tell_signal(struct seep_ending *e, uint32_t number)
{
	const char *name = number < 1024 ? sigabbrev_np((int)number) : NULL;

	if (name)
		snprintf(e->text, sizeof(e->text), "was killed by SIG%s", name);
	else
		snprintf(e->text, sizeof(e->text), "was killed by signal %" PRIu32, number);
}

const char *seep_ending_of(struct seep_ending *e, const struct seep_trace *trace)
{
	tell(e, "ended");
	if (!trace->has_end) {
		tell(e, trace->state == SEEP_TRACE_RUNNING ? "is running" : "was not recorded to its end");
		return e->text;
	}
	switch (trace->end.how) {
	case SEEP_END_EXITED:
		if (trace->end.exit_status >= 0)
			snprintf(e->text, sizeof(e->text), "exited with status %" PRId32, trace->end.exit_status);
		break;
	case SEEP_END_KILLED:
		tell_signal(e, trace->end.signal);
		break;
	case SEEP_END_EXEC:
		tell(e, "executed another program");
		break;
	case SEEP_END_STOPPED:
		tell(e, "went on after the recording was ended");
		break;
	case SEEP_END_UNSEEN:
		tell(e, "ended unseen");
		break;
	}
	return e->text;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.h: tells people, on a terminal, what takes so long. Library code calls tell() as it goes; only the meter of the
 * commands writes anything.
 */
#ifndef SEEP_PROGRESS_H
#define SEEP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Where a long work reports how far it is. */
struct seep_progress {
	void (*tell)(void *context, uint64_t done, uint64_t all);
	void *context;
};

struct seep_meter {
	struct seep_progress progress; /* to be handed to the work */
	const char *what; /* "reading x.seep" */
	struct timespec start;
	time_t shown_at;
	bool quiet; /* stderr is no terminal */
	bool shown;
};

/* Writes "WHAT ... 45 %" to stderr once a second has passed, if stderr is a terminal. `what` has to outlive the meter. */
void seep_meter_start(struct seep_meter *meter, const char *what);

/* Removes what was written. */
void seep_meter_stop(struct seep_meter *meter);

#endif

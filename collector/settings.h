/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.h: what the user asked for, from the environment. Read once, when the collector starts.
 */
#ifndef SEEP_COLLECTOR_SETTINGS_H
#define SEEP_COLLECTOR_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_settings {
	char output[PATH_MAX]; /* absolute; %e, %p and %% are still to be replaced */
	uint32_t depth_limit;
	uint32_t on_full; /* as in struct seep_wire_region */
	uint64_t sample_bytes;
	uint64_t sample_seed; /* of the choice of samples, where seed_given; otherwise each process gets a random one */
	bool seed_given;
	uint64_t first_epoch_ns;
	uint64_t max_trace_bytes; /* 0: no limit */
	const char *only; /* patterns of executables' names, separated by commas; NULL: all are recorded */
	bool no_follow; /* only the first process, and what it executes */
	bool durable; /* what a killed collector knew can be found out afterwards (durable.h) */
};

/* Reads SEEP_OUTPUT, SEEP_DEPTH, SEEP_ON_FULL, SEEP_SAMPLE, SEEP_SEED, SEEP_EPOCH, SEEP_MAX_TRACE, SEEP_ONLY, SEEP_FOLLOW and
 * SEEP_DURABLE. Returns 0, or -1 with a message that names the variable, its value and what it may be. */
int seep_settings_read(struct seep_settings *settings, char *message, size_t message_size);

#endif

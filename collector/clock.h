/* SPDX-License-Identifier: Apache-2.0
 *
 * clock.h: the collector's only clock. Monotonic, so that nobody who sets the time of day disturbs a trace.
 */
#ifndef SEEP_COLLECTOR_CLOCK_H
#define SEEP_COLLECTOR_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t seep_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif

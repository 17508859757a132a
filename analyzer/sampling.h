/* SPDX-License-Identifier: Apache-2.0
 *
 * sampling.h: how far the figures of a sampled trace may be off (docs/FORMAT.md, "Sampling"). Any thread.
 */
#ifndef SEEP_SAMPLING_H
#define SEEP_SAMPLING_H

#include <stdint.h>

/* Of estimates: blocks², bytes². Those of sums are sums, as blocks are chosen independently; the standard error is the root. */
struct seep_variance {
	double count;
	double bytes;
};

/* What one sample of so many bytes adds to the variance of estimates in which it counts; nothing without sampling (0). */
struct seep_variance seep_sampling_variance(uint64_t sample_bytes, uint64_t bytes);

/* The standard error as a whole number. */
uint64_t seep_sampling_error(double variance);

static inline void seep_sampling_add(struct seep_variance *sum, const struct seep_variance *more, double times)
{
	sum->count += more->count * times;
	sum->bytes += more->bytes * times;
}

#endif

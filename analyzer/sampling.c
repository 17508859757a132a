/* SPDX-License-Identifier: Apache-2.0
 *
 * sampling.c: the variance of estimates. Called by history.c for each sample that is live at the end.
 */
#include <math.h>

#include "sampling.h"

struct seep_variance seep_sampling_variance(uint64_t sample_bytes, uint64_t bytes)
{
	double size = (double)bytes, weight, fraction;

	if (!sample_bytes)
		return (struct seep_variance){0, 0};
	weight = -1 / expm1(-(bytes ? size : 1) / (double)sample_bytes);
	fraction = weight - floor(weight);
	/* (1 - p) / p² with p = 1 / weight; and counts are whole because the weight was rounded up as often as its fraction says. */
	return (struct seep_variance){
		.count = weight * (weight - 1) + fraction * (1 - fraction),
		.bytes = size * size * weight * (weight - 1),
	};
}

uint64_t seep_sampling_error(double variance)
{
	double error = sqrt(variance);

	return error < 9e18 ? (uint64_t)llround(error) : UINT64_MAX;
}

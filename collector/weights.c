/* SPDX-License-Identifier: Apache-2.0
 *
 * weights.c: the weight of a sample, in whole blocks and bytes. Called by books.c. Any thread.
 *
 * 1 / p is no whole number, and rounding it to the nearest one would favour one side for all blocks of a size: so it is rounded
 * up as often as its fraction says, by a number in [0, 1) that is drawn from the block's name. Bytes are large enough to be
 * rounded as usual.
 */
#include "weights.h"

#include <math.h>

/* In [0, 1); the finaliser of splitmix64. */
static double uniform(uint64_t address, uint64_t order)
{
	uint64_t z = (address ^ order * 0xd1342543de82ef95u) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1p-53;
}

struct seep_trace_count seep_weights_estimate(uint64_t sample_bytes, uint64_t address, uint64_t order, uint64_t bytes)
{
	double weight = -1 / expm1(-(double)(bytes | !bytes) / (double)sample_bytes);

	return (struct seep_trace_count){
		.count = (uint64_t)floor(weight + uniform(address, order)),
		.bytes = (uint64_t)llround((double)bytes * weight),
	};
}

/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -fomit-frame-pointer -fno-inline -fno-optimize-sibling-calls
 *
 * Optimised code without frame pointers, with rbp in use for other things.
 *
 * truth: 100 blocks of 52 at leak@leak < inner@inner < outer@outer < main@main < _start
 * truth: total 5150 blocks, 267800 bytes
 */
#include <stdlib.h>

static unsigned long leak(unsigned long a, unsigned long b, unsigned long c)
{
	malloc(52); /* leak */
	return a ^ b ^ c;
}

static unsigned long inner(unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	unsigned long sum = 0;

	for (unsigned long i = 0; i < a % 101; i++) {
		free(malloc(52));
		sum += i * b + c;
	}
	return sum + leak(sum, b, c) + d + a + b + c; /* inner */
}

static unsigned long outer(unsigned long a)
{
	unsigned long result = inner(a, a * 3, a * 5, a * 7); /* outer */

	return result + a;
}

int main(void)
{
	unsigned long sum = 0;

	for (unsigned long i = 1; i <= 100; i++)
		sum += outer(i); /* main */
	return sum == 0;
}

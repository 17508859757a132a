/* SPDX-License-Identifier: Apache-2.0
 *
 * Recursion deeper than a stack is recorded (128 frames): what is cut is counted, the leaf is kept, and the same
 * function in a shallow place is another site.
 *
 * truth: 10 blocks of 64 at leaf@leaf < dive@leaf_here < dive@dive < dive@dive < dive@dive
 * truth: 3 blocks of 64 at leaf@leaf < dive@leaf_here < dive@dive < dive@dive < main@shallow < _start
 * truth: truncated 10
 * truth: total 13 blocks, 832 bytes
 */
#include <stdlib.h>

static void leaf(void)
{
	malloc(64); /* leaf */
}

static void dive(int depth)
{
	if (depth)
		dive(depth - 1); /* dive */
	else
		leaf(); /* leaf_here */
}

int main(void)
{
	for (int i = 0; i < 10; i++)
		dive(299);
	for (int i = 0; i < 3; i++)
		dive(2); /* shallow */
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 * flags: -O3
 *
 * Functions that the compiler put into one another: the stack still names each of them.
 *
 * truth: 25 blocks of 19 at innermost@innermost (inlined) < middle@middle (inlined) < outer@outer < main@main < _start
 * truth: total 25 blocks, 475 bytes
 */
#include <stdlib.h>

static void *volatile last;

static inline __attribute__((always_inline)) void innermost(void)
{
	last = malloc(19); /* innermost */
}

static inline __attribute__((always_inline)) void middle(void)
{
	innermost(); /* middle */
	last = NULL;
}

__attribute__((noinline)) static void outer(void)
{
	middle(); /* outer */
	last = NULL;
}

int main(void)
{
	for (int i = 0; i < 25; i++)
		outer(); /* main */
	return 0;
}

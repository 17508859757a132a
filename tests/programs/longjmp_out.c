/* SPDX-License-Identifier: Apache-2.0
 * flags: -Wno-infinite-recursion
 *
 * Jumps out of functions that have allocated, a thousand times, from changing depths.
 *
 * truth: 10500 blocks of 26 at jump@forgotten
 * truth: total 11500 blocks, 299000 bytes
 */
#include <setjmp.h>
#include <stdlib.h>

static jmp_buf back;

static void jump(int depth)
{
	malloc(26); /* forgotten */
	if (depth)
		jump(depth - 1);
	else
		longjmp(back, 1);
}

int main(void)
{
	static volatile int times;

	if (setjmp(back))
		times++;
	if (times < 1000) {
		free(malloc(26));
		jump(times % 20);
	}
	return 0;
}

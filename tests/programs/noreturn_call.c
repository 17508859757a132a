/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -fno-inline
 *
 * A call that never returns is the last instruction of its function: the address after it belongs to another function
 * already. The block is still this one's.
 *
 * truth: 4 blocks of 31 at leave@leave < caller@caller < main@main < _start
 * truth: total 4 blocks, 124 bytes
 */
#include <setjmp.h>
#include <stdlib.h>

static jmp_buf back;

_Noreturn static void leave(void)
{
	malloc(31); /* leave */
	longjmp(back, 1);
}

static void caller(int times)
{
	if (times < 4)
		leave(); /* caller */
}

int main(void)
{
	static volatile int times;

	if (setjmp(back))
		times++;
	caller(times); /* main */
	return times != 4;
}

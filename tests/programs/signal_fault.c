/* SPDX-License-Identifier: Apache-2.0
 *
 * A handler of a segmentation fault that allocates and then jumps out. The interrupted instruction is the first
 * one of its function: its frame is not there yet, and the address before it belongs to another function.
 *
 * truth: 5 blocks of 99 at handle@forgotten < faults < main@call < _start
 * truth: total 5 blocks, 495 bytes
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

static sigjmp_buf back;
void faults(void);

__asm__(".text\n.type faults, @function\nfaults:\n.cfi_startproc\nud2\nret\n.cfi_endproc\n.size faults, . - faults\n");

static void handle(int number)
{
	(void)number;
	malloc(99); /* forgotten */
	siglongjmp(back, 1);
}

int main(void)
{
	static volatile int times;

	signal(SIGILL, handle);
	if (sigsetjmp(back, 1))
		times++;
	if (times < 5)
		faults(); /* call */
	return 0;
}

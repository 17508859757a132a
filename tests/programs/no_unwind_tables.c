/* SPDX-License-Identifier: Apache-2.0
 * flags: -fno-pie -no-pie
 *
 * Code that says nothing about its frames, as hand-written assembly or a just-in-time compiler: what it calls is
 * still recorded, and named from the leaf up to there.
 *
 * truth: 12 blocks of 77 at leak@leak
 * truth: total 12 blocks, 924 bytes
 */
#include <stdlib.h>

void through_assembly(void (*function)(void));

/* Leaves the stack at an odd place, so that guessing would go wrong. */
__asm__(".text\n"
	".type through_assembly, @function\n"
	"through_assembly:\n"
	"push %rbp\n"
	"sub $0x530, %rsp\n"
	"xor %ebp, %ebp\n"
	"call *%rdi\n"
	"add $0x530, %rsp\n"
	"pop %rbp\n"
	"ret\n"
	".size through_assembly, . - through_assembly\n");

static void leak(void)
{
	malloc(77); /* leak */
}

int main(void)
{
	for (int i = 0; i < 12; i++)
		through_assembly(leak);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * syscall_x86_64.S: the hook of syscall(). seccomp goes to limits.c, all else where it would go without us, and leaves nothing on the
 * stack: a call that makes a process may return twice.
 */
#include <sys/syscall.h>

	.text
	.globl	syscall
	.type	syscall, @function
	.hidden	seep_limits_seccomp
	.hidden	seep_real_syscall
	.p2align 4
syscall:
	.cfi_startproc
	endbr64
	cmpl	$SYS_seccomp, %edi
	je	seep_limits_seccomp
	jmp	*seep_real_syscall(%rip)
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits

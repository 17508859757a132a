/* SPDX-License-Identifier: Apache-2.0
 *
 * A program sets a filter that kills it for nearly every system call, by prctl, and goes on allocating: more than a ring holds, from
 * functions that it has not called before. Before that it asks, as many do, whether there are filters at all.
 *
 * not under libunwind: that makes system calls of its own, so nothing is recorded from the filter on
 *
 * truth: 50 blocks of 31 at main@before
 * truth: 3000 blocks of 32 at filtered@kept < main@filtered
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void filtered(void)
{
	for (int i = 0; i < 3000; i++) {
		malloc(32); /* kept */
		free(malloc(2000));
	}
}

int main(void)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(write),
		ALLOW(brk),
		ALLOW(exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof instructions / sizeof instructions[0], instructions};
	void *const wrong[] = {NULL, (void *)8, (void *)-16};

	mallopt(M_TOP_PAD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 24);
	for (int i = 0; i < 50; i++)
		malloc(31); /* before */
	for (int i = 0; i < 3; i++)
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, wrong[i], 0, 0) != -1 || errno != EFAULT)
			return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		return 3;
	filtered(); /* filtered */
	return write(1, "alive\n", 6) != 6;
}

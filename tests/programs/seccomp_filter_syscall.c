/* SPDX-License-Identifier: Apache-2.0
 *
 * A program sets a filter by syscall(), as libseccomp does, which lets all pass but what a recorder takes to begin: no sockets, and
 * futex only as the C library calls it, which is one of its arguments. Then it has threads and children, who allocate.
 *
 * truth: 50 blocks of 31 at main@before
 * truth: 3000 blocks of 32 at thread@kept
 * truth: anything at main@create
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL(call) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void *thread(void *argument)
{
	for (int i = 0; i < 3000; i++) {
		malloc(32); /* kept */
		free(malloc(2000));
	}
	return argument;
}

static int in_a_child(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		for (int i = 0; i < 10; i++)
			free(malloc(100000));
		_exit(7);
	}
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

int main(void)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		KILL(socket),
		KILL(connect),
		KILL(sendto),
		KILL(ppoll),
		KILL(tgkill),
		KILL(sigaltstack),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		/* Neither FUTEX_WAIT nor FUTEX_WAKE without one of the flags that the C library gives. */
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, FUTEX_WAKE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof instructions / sizeof instructions[0], instructions};
	pthread_t other;

	for (int i = 0; i < 50; i++)
		malloc(31); /* before */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		return 2;
	pthread_create(&other, NULL, thread, NULL); /* create */
	pthread_join(other, NULL);
	return in_a_child() == 7 << 8 ? 0 : 3;
}

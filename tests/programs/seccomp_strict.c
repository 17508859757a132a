/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread enters strict seccomp, after which anything but read, write and exit is its death, and goes on allocating: more than a ring
 * holds, from functions that it has not called before, and with another thread beside it that may do all.
 *
 * not under libunwind: that makes system calls of its own, so nothing is recorded in such a thread
 *
 * truth: 50 blocks of 31 at main@before
 * truth: 3000 blocks of 32 at strict@kept < thread@strict
 * truth: 20000 blocks of 33 at main@free_to_do_so
 * truth: anything at main@create
 */
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void strict(void)
{
	for (int i = 0; i < 3000; i++) {
		malloc(32); /* kept */
		free(malloc(2000));
	}
}

static void *thread(void *argument)
{
	free(malloc(1000));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0)
		strict(); /* strict */
	if (write(1, "alive\n", 6) == 6)
		syscall(SYS_exit, 0);
	return argument;
}

int main(void)
{
	pthread_t other;

	/* So that the allocator has memory without asking for more. */
	mallopt(M_TOP_PAD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 24);
	for (int i = 0; i < 50; i++)
		malloc(31); /* before */
	pthread_create(&other, NULL, thread, NULL); /* create */
	for (int i = 0; i < 20000; i++)
		malloc(33); /* free_to_do_so */
	pthread_join(other, NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * kernel.h: system calls as the shim makes them: never a cancellation point (a thread with a pending pthread_cancel must not
 * end inside malloc), never touching the caller's errno. Results are those of the kernel: -errno on failure. In a thread that the kernel
 * would kill for most of them (strict seccomp) all fail with -ENOSYS, unasked.
 */
#ifndef SEEP_PRELOAD_KERNEL_H
#define SEEP_PRELOAD_KERNEL_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The calling thread must make none: see limits.c. */
extern __thread bool seep_kernel_silent __attribute__((tls_model("initial-exec")));

#define seep_kernel(...) \
	({ \
		int caller_errno = errno; \
		long kernel_result = seep_kernel_silent ? -ENOSYS : syscall(__VA_ARGS__); \
		if (kernel_result == -1) \
			kernel_result = -errno; \
		errno = caller_errno; \
		kernel_result; \
	})

static inline void seep_kernel_wake(_Atomic uint32_t *word)
{
	seep_kernel(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Sleeps while *word == value, but no longer than the given time. */
static inline void seep_kernel_wait(_Atomic uint32_t *word, uint32_t value, unsigned milliseconds)
{
	struct timespec limit = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

	seep_kernel(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

/* Zeroed private memory, or NULL. A forked child finds the first `wiped` bytes of it zeroed again, however it was forked. */
void *seep_kernel_memory(size_t bytes, size_t wiped);

#define SEEP_WIPED_ALL SIZE_MAX

#endif

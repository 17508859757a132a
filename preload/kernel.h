/* SPDX-License-Identifier: Apache-2.0
 *
 * kernel.h: system calls as the shim makes them: never a cancellation point (a thread with a pending pthread_cancel must not
 * end inside malloc), never touching the caller's errno. Results are those of the kernel: -errno on failure. A call for which the
 * program's seccomp might kill it is not made: it fails with -ENOSYS (limits.c).
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

/* Those that a start of a recording takes, also in a forked child; those of a recording; the rest; and those of libunwind. */
#define SEEP_KERNEL_START(X) \
	X(socket) \
	X(connect) \
	X(sendto) \
	X(ppoll) \
	X(recvmsg) \
	X(close) \
	X(fcntl) \
	X(getpid) \
	X(prlimit64) \
	X(mmap) \
	X(munmap) \
	X(madvise) \
	X(rt_sigprocmask)
#define SEEP_KERNEL_OTHERS(X) \
	X(futex) \
	X(gettid) \
	X(tgkill) \
	X(sigaltstack) \
	X(clone) \
	X(wait4) \
	X(prctl) \
	X(socketpair) \
	X(setsid) \
	X(execve) \
	X(exit_group)
#define SEEP_KERNEL_LIBUNWIND(X) \
	X(mincore) \
	X(msync) \
	X(pipe2) \
	X(write)

#define SEEP_KERNEL_NAME(name) SEEP_CALL_##name,
#define SEEP_KERNEL_BIT(name) (UINT32_C(1) << SEEP_CALL_##name)
#define SEEP_KERNEL_OR(name) | SEEP_KERNEL_BIT(name)

enum seep_kernel_call {
	SEEP_KERNEL_START(SEEP_KERNEL_NAME) SEEP_KERNEL_OTHERS(SEEP_KERNEL_NAME) SEEP_KERNEL_LIBUNWIND(SEEP_KERNEL_NAME)
		SEEP_KERNEL_CALLS
};

_Static_assert(SEEP_KERNEL_CALLS <= 32, "one bit for each");

#define SEEP_KERNEL_TO_START (0 SEEP_KERNEL_START(SEEP_KERNEL_OR))
#define SEEP_KERNEL_FOR_LIBUNWIND \
	(SEEP_KERNEL_BIT(close) | SEEP_KERNEL_BIT(rt_sigprocmask) SEEP_KERNEL_LIBUNWIND(SEEP_KERNEL_OR))

/* The calling thread must make none of them; and no thread those of which the bits are set (limits.c). */
extern __thread bool seep_kernel_silent __attribute__((tls_model("initial-exec")));
extern _Atomic uint32_t seep_kernel_forbidden;

/* Whether all of these calls (bits) may be made. */
static inline bool seep_kernel_may(uint32_t calls)
{
	return !seep_kernel_silent && !(atomic_load_explicit(&seep_kernel_forbidden, memory_order_relaxed) & calls);
}

#define seep_kernel(name, ...) \
	({ \
		int caller_errno = errno; \
		long kernel_result = \
			seep_kernel_may(SEEP_KERNEL_BIT(name)) ? syscall(SYS_##name, ##__VA_ARGS__) : -ENOSYS; \
		if (kernel_result == -1) \
			kernel_result = -errno; \
		errno = caller_errno; \
		kernel_result; \
	})

static inline void seep_kernel_wake(_Atomic uint32_t *word)
{
	seep_kernel(futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Sleeps while *word == value, but no longer than the given time. */
static inline void seep_kernel_wait(_Atomic uint32_t *word, uint32_t value, unsigned milliseconds)
{
	struct timespec limit = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

	seep_kernel(futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

/* Zeroed private memory, or NULL. A forked child finds the first `wiped` bytes of it zeroed again, however it was forked. */
void *seep_kernel_memory(size_t bytes, size_t wiped);

#define SEEP_WIPED_ALL SIZE_MAX

/* Whether the eight bytes there, which lie in one page, can be read. */
bool seep_kernel_readable(uintptr_t address);

#endif

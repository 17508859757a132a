/* SPDX-License-Identifier: Apache-2.0
 *
 * limits.c: what a program forbids itself, as far as the shim has to heed it: seccomp, after which the kernel may kill it for a system
 * call that it never makes itself, and a limit of address space, which the region must not use up. Each hook is the real call with the shim's
 * part beside it. Any thread, any time.
 */
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "filters.h"
#include "kernel.h"
#include "process.h"
#include "real.h"
#include "thread.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int prctl(int option, ...);
long seep_limits_seccomp(long number, unsigned operation, unsigned flags, void *program); /* from syscall_x86_64.S */
EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *rlimits);
EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *rlimits);
EXPORT int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *old_limit);
EXPORT int prlimit64(
	pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit, struct rlimit64 *old_limit);

_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "the calls with 64 are the same");

struct wish {
	bool strict, filter;
	uint32_t forbidden; /* by the filter, and by none before it */
};

/* What a thread is about to ask of seccomp; kernel.h heeds it from here on. Strict mode is one thread's. A filter is the thread's and those
 * that it makes, or everybody's (SECCOMP_FILTER_FLAG_TSYNC): it is taken for everybody's, which harms nobody. */
static void heed(struct wish *wish, const void *program)
{
	if (!wish->strict && !wish->filter)
		return;
	/* A thread that has no segment yet could not get one any more. */
	if (seep_thread_enter(SEEP_PLACE_RECORDER))
		seep_thread_leave();
	if (wish->filter) {
		wish->forbidden = seep_filters_forbid(program);
		wish->forbidden &= ~atomic_fetch_or(&seep_kernel_forbidden, wish->forbidden);
	}
	if (wish->strict)
		seep_kernel_silent = true;
}

/* Then the kernel has granted it, or refused. */
static void heeded(const struct wish *wish, bool granted)
{
	if (!wish->strict && !wish->filter)
		return;
	if (!granted) {
		if (wish->strict)
			seep_kernel_silent = false;
		atomic_fetch_and(&seep_kernel_forbidden, ~wish->forbidden);
	} else if (!seep_kernel_may(SEEP_KERNEL_BIT(futex))) {
		seep_process_silent();
	}
}

int prctl(int option, ...)
{
	unsigned long arguments[4];
	struct wish wish = {0};
	va_list list;
	int result;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	seep_real_find();
	if (option == PR_SET_SECCOMP)
		wish = (struct wish){arguments[0] == SECCOMP_MODE_STRICT, arguments[0] == SECCOMP_MODE_FILTER, 0};
	heed(&wish, (const void *)arguments[1]);
	result = seep_real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
	heeded(&wish, result == 0);
	return result;
}

long seep_limits_seccomp(long number, unsigned operation, unsigned flags, void *program)
{
	struct wish wish = {operation == SECCOMP_SET_MODE_STRICT, operation == SECCOMP_SET_MODE_FILTER, 0};
	long result;

	heed(&wish, program);
	result = seep_real_syscall(number, operation, flags, program);
	heeded(&wish, result >= 0);
	return result;
}

/* After a call that set it: what it is now. Its address was the caller's to be right about. */
static int limited(int result, int resource)
{
	struct rlimit limit;

	if (result == 0 && resource == RLIMIT_AS && seep_kernel(prlimit64, 0, RLIMIT_AS, NULL, &limit) == 0 &&
		limit.rlim_cur != RLIM_INFINITY)
		seep_process_shrink(limit.rlim_cur / 4);
	return result;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *rlimits)
{
	seep_real_find();
	return limited(seep_real.setrlimit(resource, rlimits), (int)resource);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *rlimits)
{
	return setrlimit(resource, (const struct rlimit *)(const void *)rlimits);
}

int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *old_limit)
{
	int result;

	seep_real_find();
	result = seep_real.prlimit(pid, resource, limit, old_limit);
	return limit ? limited(result, (int)resource) : result;
}

int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit, struct rlimit64 *old_limit)
{
	return prlimit(pid, resource, (const struct rlimit *)(const void *)limit, (struct rlimit *)(void *)old_limit);
}

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

/* What a thread asks of seccomp; seep_kernel.h heeds it from here on. Strict mode is one thread's. A filter is the thread's and those that it makes,
 * or everybody's (SECCOMP_FILTER_FLAG_TSYNC): it is taken for everybody's, which harms nobody. Returns what is new in it. */
static uint32_t heed(bool strict, bool filter, const void *program)
{
	uint32_t forbidden;

	if (!strict && !filter)
		return 0;
	/* A thread that has no segment yet could not get one any more. */
	if (seep_thread_enter(SEEP_PLACE_RECORDER))
		seep_thread_leave();
	forbidden = strict ? 0 : seep_filters_forbid(program);
	if (strict)
		seep_kernel_silent = true;
	forbidden &= ~atomic_fetch_or(&seep_kernel_forbidden, forbidden);
	if (!seep_kernel_may(SEEP_KERNEL_BIT(futex)))
		seep_process_silent();
	return forbidden;
}

/* The kernel refused. */
static void heed_no_more(bool strict, uint32_t forbidden)
{
	if (strict)
		seep_kernel_silent = false;
	atomic_fetch_and(&seep_kernel_forbidden, ~forbidden);
}

int prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;
	bool strict, filter;
	uint32_t forbidden;
	int result;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	seep_real_find();
	strict = option == PR_SET_SECCOMP && arguments[0] == SECCOMP_MODE_STRICT;
	filter = option == PR_SET_SECCOMP && arguments[0] == SECCOMP_MODE_FILTER;
	forbidden = heed(strict, filter, (const void *)arguments[1]);
	result = seep_real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
	if (result != 0)
		heed_no_more(strict, forbidden);
	return result;
}

long seep_limits_seccomp(long number, unsigned operation, unsigned flags, void *program)
{
	bool strict = operation == SECCOMP_SET_MODE_STRICT;
	uint32_t forbidden = heed(strict, operation == SECCOMP_SET_MODE_FILTER, program);
	long result = seep_real_syscall(number, operation, flags, program);

	if (result < 0)
		heed_no_more(strict, forbidden);
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

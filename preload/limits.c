/* SPDX-License-Identifier: Apache-2.0
 *
 * limits.c: what a program forbids itself, as far as the shim has to heed it: strict seccomp, after which the kernel kills the thread for
 * most system calls, and a limit of address space, which the region must not use up. Each hook is the real call with the shim's
 * part beside it. Any thread, any time.
 */
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "kernel.h"
#include "process.h"
#include "real.h"
#include "thread.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int prctl(int option, ...);
EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *rlimits);
EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *rlimits);
EXPORT int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *old_limit);
EXPORT int prlimit64(
	pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit, struct rlimit64 *old_limit);

_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "the calls with 64 are the same");

/* A thread that has no segment yet could not get one any more. */
static void attach(void)
{
	if (seep_thread_enter(SEEP_PLACE_RECORDER))
		seep_thread_leave();
}

int prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;
	bool strict;
	int result;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	seep_real_find();
	strict = option == PR_SET_SECCOMP && arguments[0] == SECCOMP_MODE_STRICT;
	if (strict) {
		attach();
		seep_kernel_silent = true;
	}
	result = seep_real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
	if (strict && result != 0)
		seep_kernel_silent = false;
	return result;
}

/* After a call that set it: what it is now. Its address was the caller's to be right about. */
static int limited(int result, int resource)
{
	struct rlimit limit;

	if (result == 0 && resource == RLIMIT_AS && seep_kernel(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit) == 0 &&
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

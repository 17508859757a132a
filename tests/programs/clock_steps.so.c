/* SPDX-License-Identifier: Apache-2.0
 *
 * To be preloaded into a collector: the wall clock steps a day ahead and back, each time that it is read.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static _Atomic unsigned reads;
	int (*real)(clockid_t, struct timespec *) =
		(int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(clock, now);

	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += atomic_fetch_add(&reads, 1) % 2 ? 86400 : -86400;
	return result;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * kernel.c: memory for the shim's own use, straight from the kernel. Any thread; safe in signal handlers.
 */
#include "kernel.h"

#include <sys/mman.h>

__thread bool seep_kernel_silent __attribute__((tls_model("initial-exec")));
_Atomic uint32_t seep_kernel_forbidden;

/* The kernel reads the new mask before it looks at what to do with it, which is nothing, unless there is no mask. A call that nearly every filter allows. */
bool seep_kernel_readable(uintptr_t address)
{
	long result = seep_kernel(rt_sigprocmask, -1, address, NULL, sizeof(uint64_t));

	return address && result != -EFAULT && result != -ENOSYS;
}

void *seep_kernel_memory(size_t bytes, size_t wiped)
{
	long address = seep_kernel(
		mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);

	if (address < 0 && address > -4096)
		return NULL;
	if (wiped && seep_kernel(madvise, address, wiped < bytes ? wiped : bytes, MADV_WIPEONFORK) < 0) {
		seep_kernel(munmap, address, bytes);
		return NULL;
	}
	return (void *)address;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * kernel.c: memory for the shim's own use, straight from the kernel. Any thread; safe in signal handlers.
 */
#include "kernel.h"

#include <sys/mman.h>

__thread bool seep_kernel_silent __attribute__((tls_model("initial-exec")));

void *seep_kernel_memory(size_t bytes, size_t wiped)
{
	long address = seep_kernel(
		SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (address < 0 && address > -4096)
		return NULL;
	if (wiped && seep_kernel(SYS_madvise, address, wiped < bytes ? wiped : bytes, MADV_WIPEONFORK) < 0) {
		seep_kernel(SYS_munmap, address, bytes);
		return NULL;
	}
	return (void *)address;
}

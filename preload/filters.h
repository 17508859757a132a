/* SPDX-License-Identifier: Apache-2.0
 *
 * filters.h: what a seccomp filter that the program is about to set would do to the shim's own system calls.
 */
#ifndef SEEP_PRELOAD_FILTERS_H
#define SEEP_PRELOAD_FILTERS_H

#include <stdint.h>

/* Bits of enum seep_kernel_call: those that the filter might not let pass, whatever their arguments. program is what the kernel gets as a
 * struct sock_fprog, and need not be one: the kernel refuses it then, and the result means nothing. */
uint32_t seep_filters_forbid(const void *program);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The unwinder of x86-64, whole, for tests that look into it.
 */
#ifndef SEEP_TESTS_SUPPORT_UNWINDER_H
#define SEEP_TESTS_SUPPORT_UNWINDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../preload/cfi.c"
#include "../../preload/cfi_find.c"
#include "../../preload/cfi_step.c"
#include "../../preload/kernel.c"
#include "../../preload/segments.c"
#include "../../preload/rows_x86_64.c"
#include "../../preload/detour_x86_64.c"
#include "../../preload/oracle.c"
#include "../../preload/unwind_x86_64.c"

/* A node that stands for all frames from the outermost one on: any other frame makes another node. Never 0. */
static inline uint32_t child_of(uint32_t parent, uintptr_t address)
{
	return (uint32_t)(((address ^ (uint64_t)parent << 32 ^ parent) * 0x9e3779b97f4a7c15u) >> 32) | 1;
}

/* What the owner of an unwinder does after a capture; and each node that counts as unchanged has to be right. */
static inline void give_nodes(
	struct seep_unwinder *unwinder, unsigned count, unsigned unchanged, enum seep_unwind_end end)
{
	uint32_t node = end + 1;

	for (unsigned i = count; i-- > 0;) {
		node = child_of(node, unwinder->frames[i].return_address);
		if (i >= count - unchanged)
			assert_int_equal(unwinder->frames[i].node, node);
		else
			assert_int_equal(unwinder->frames[i].node, 0);
		unwinder->frames[i].node = node;
	}
	seep_unwind_remember(unwinder);
}

#endif

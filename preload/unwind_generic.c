/* SPDX-License-Identifier: Apache-2.0
 *
 * unwind_generic.c: the unwinder of architectures for which seep has none: libunwind captures, and what is remembered of the last
 * stack spares the owner's look-ups.
 */
#include "unwind.h"

#include "oracle.h"

static _Atomic uint32_t generation = 1;

bool seep_unwind_start(bool oracle)
{
	(void)oracle;
	return seep_oracle_open();
}

unsigned seep_unwind_capture(struct seep_unwinder *unwinder, const struct seep_unwind_start *start,
	unsigned depth_limit, unsigned *unchanged, enum seep_unwind_end *end)
{
	return seep_oracle_capture(
		unwinder, start, atomic_load_explicit(&generation, memory_order_relaxed), depth_limit, unchanged, end);
}

/* The capture compares with the last stack. */
uint32_t seep_unwind_recall(struct seep_unwinder *unwinder, const struct seep_unwind_start *start, unsigned depth_limit,
	enum seep_unwind_end *end)
{
	(void)unwinder;
	(void)start;
	(void)depth_limit;
	*end = SEEP_UNWIND_COMPLETE;
	return 0;
}

void seep_unwind_remember(struct seep_unwinder *unwinder)
{
	(void)unwinder;
}

void seep_unwind_forget(struct seep_unwinder *unwinder)
{
	unwinder->generation = 0;
}

void seep_unwind_forget_code(void)
{
	atomic_fetch_add(&generation, 1);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * unwind_generic.c: the unwinder of architectures for which seep has none: libunwind captures, and what is remembered of the last
 * stack spares the owner's look-ups.
 */
#include "unwind.h"

#include "oracle.h"

static _Atomic uint32_t generation = 1;

bool seep_unwind_start(bool libunwind)
{
	(void)libunwind;
	return seep_oracle_open();
}

unsigned seep_unwind_capture(struct seep_unwinder *unwinder, const struct seep_unwind_start *start,
	unsigned depth_limit, unsigned *unchanged, enum seep_unwind_end *end)
{
	uint32_t now = atomic_load_explicit(&generation, memory_order_relaxed);
	struct seep_unwind_frame *frames = unwinder->fresh;
	unsigned count = seep_oracle_walk(start, frames, depth_limit, end, unwinder->scratch);
	unsigned same = 0;

	if (unwinder->generation == now && unwinder->depth_limit == depth_limit && unwinder->end == *end &&
		*end != SEEP_UNWIND_TRUNCATED)
		while (same < count && same < unwinder->count &&
			frames[count - 1 - same].return_address ==
				unwinder->kept[unwinder->count - 1 - same].return_address)
			same++;
	for (unsigned i = 1; i <= same; i++)
		frames[count - i].node = unwinder->kept[unwinder->count - i].node;
	for (unsigned i = 0; i < count; i++)
		unwinder->kept[i] = frames[i];
	unwinder->frames = unwinder->kept;
	unwinder->count = count;
	unwinder->depth_limit = depth_limit;
	unwinder->generation = now;
	unwinder->end = *end;
	*unchanged = same;
	return count;
}

void seep_unwind_forget(struct seep_unwinder *unwinder)
{
	unwinder->count = 0;
}

void seep_unwind_forget_code(void)
{
	atomic_fetch_add(&generation, 1);
}

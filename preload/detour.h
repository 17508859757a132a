/* SPDX-License-Identifier: Apache-2.0
 *
 * detour.h: what the unwinder of x86-64 rarely needs: memory that it has not read before, frames that take all registers, code
 * without unwind tables. Called by unwind_x86_64.c; nothing here allocates, locks or touches errno.
 */
#ifndef SEEP_PRELOAD_DETOUR_H
#define SEEP_PRELOAD_DETOUR_H

#include "unwind.h"

/* Where a walk has got to: one frame, not yet left. */
struct seep_place {
	uintptr_t pc;
	uintptr_t slot; /* where pc stands */
	uintptr_t rsp;
	uintptr_t rbp;
	bool interrupted; /* by a signal: pc is the next instruction, and not the one after a call */
};

/* Whether the word at an address can be read, and is aligned. What it finds out it adds to unwinder->readable, of which the
 * first part is then the one that holds the address. Asks the kernel about pages that are new. */
bool seep_detour_readable(struct seep_unwinder *unwinder, uintptr_t address);

/* From `place`, which is frames[last], to its caller, by a second walk from here with all registers. False: there is no way. */
bool seep_detour_full(struct seep_unwinder *unwinder, const struct seep_unwind_start *start,
	const struct seep_unwind_frame *frames, unsigned last, struct seep_place *place);

/* From `place`, in code without unwind tables, to its caller by the chain of frame pointers. Only if the chain leads to a return
 * address that follows a call in code with tables: `proven` is where, and saves to ask again for the frames up to there; 0 at
 * first. */
bool seep_detour_chain(struct seep_unwinder *unwinder, struct seep_place *place, uintptr_t *proven);

/* Code without unwind tables that begins a process: there is no caller to look for. */
bool seep_detour_is_entry(const struct seep_place *place);

#endif

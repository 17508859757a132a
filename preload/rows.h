/* SPDX-License-Identifier: Apache-2.0
 *
 * rows.h: how to get from a frame to its caller, in 64 bits, and the process's cache of that by return address. x86-64 only; for
 * the unwinder, which is in every allocation. Any thread, any signal handler.
 *
 * A row says where the CFA is (rsp or rbp plus an offset) and whether rbp was saved (at an offset from the CFA); the return
 * address is in the word below the CFA. Frames of compiled code are of this kind. What does not fit is a special row.
 *
 * The cache is open to all threads without a lock. An entry is two words, key and rule, written one by one; the key is stored
 * combined with the rule, so halves of two entries don't pass for one. Keys contain the generation of the loaded code:
 * forgetting all rows is adding one to it.
 */
#ifndef SEEP_PRELOAD_ROWS_H
#define SEEP_PRELOAD_ROWS_H

#include <stdatomic.h>
#include <stdint.h>

#include "cfi.h"

#define SEEP_ROWS 16384u /* 256 KB, of which a program touches what it needs */
#define SEEP_ROWS_WAYS 4u /* a cache line: an entry may stand in any of its four places */

/* A row. Bits 0 .. 15: where rbp was saved, in words from the CFA; 16 .. 23: which kind of special row; 24 .. 31: flags;
 * 32 .. 63: the CFA's offset, in bytes. */
typedef uint64_t seep_row;

enum {
	SEEP_ROW_RBP_SAVED = 1 << 24, /* otherwise the caller's rbp is the callee's */
	SEEP_ROW_SPECIAL = 1 << 27, /* one of those below, which have no other flag */
	SEEP_ROW_CFA_RBP = 1 << 28, /* the CFA counts from rbp, otherwise from rsp */

	SEEP_ROW_END = SEEP_ROW_SPECIAL | 1 << 16, /* the outermost frame */
	SEEP_ROW_NONE = SEEP_ROW_SPECIAL | 2 << 16, /* no unwind information, or such as nobody understands */
	SEEP_ROW_FULL = SEEP_ROW_SPECIAL | 3 << 16, /* takes other registers, or an expression: detour.h */
	SEEP_ROW_SIGNAL =
		SEEP_ROW_SPECIAL | 4 << 16, /* the kernel's frame: the caller's registers are in a ucontext_t at rsp */
	/* The CFA is the word at rbp + offset, and rbp was saved at rbp + words: what gcc writes where it aligns the stack of
	 * a function that has arguments on it. Often main. */
	SEEP_ROW_REALIGNED = SEEP_ROW_SPECIAL | 5 << 16,
	SEEP_ROW_KIND = SEEP_ROW_SPECIAL | 0xff << 16,
};

static inline int64_t seep_row_offset(seep_row row)
{
	return (int64_t)row >> 32;
}

/* In bytes from the CFA, or from rbp in a realigned row. */
static inline int64_t seep_row_saved(seep_row row)
{
	return (int64_t)(int16_t)row * 8;
}

struct seep_row_entry {
	_Atomic uint64_t check;
	_Atomic uint64_t row;
};

extern struct seep_row_entry seep_rows[SEEP_ROWS];
extern _Atomic uint32_t seep_rows_generation; /* never 0 */

/* What the generation adds to a key. */
static inline uint64_t seep_rows_salt(uint32_t generation)
{
	return (uint64_t)generation << 48;
}

static inline unsigned seep_rows_place(uintptr_t pc)
{
	return pc & (SEEP_ROWS - 1);
}

static inline uint64_t seep_rows_check(uint64_t key, seep_row row)
{
	return key ^ (row << 23 | row >> 41);
}

/* Slow path: the other places, then the tables. room is for the tables' reader. */
seep_row seep_rows_find(uintptr_t return_address, uint64_t salt, struct seep_cfi_workspace *room);

/* The row of a call, which is known by where it returns to. */
static inline seep_row seep_rows_get(uintptr_t return_address, uint64_t salt, struct seep_cfi_workspace *room)
{
	struct seep_row_entry *entry = &seep_rows[seep_rows_place(return_address)];
	seep_row row = atomic_load_explicit(&entry->row, memory_order_relaxed);

	if (__builtin_expect(atomic_load_explicit(&entry->check, memory_order_relaxed) ==
				     seep_rows_check(return_address ^ salt, row),
		    1))
		return row;
	return seep_rows_find(return_address, salt, room);
}

/* The row of an instruction that has not begun: where a signal interrupted. Not cached. */
seep_row seep_rows_exact(uintptr_t pc, struct seep_cfi_workspace *room);

/* The row that says what the rules say. */
seep_row seep_row_from(const struct seep_cfi_rules *rules);

#endif

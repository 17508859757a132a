/* SPDX-License-Identifier: Apache-2.0
 *
 * rows_x86_64.c: see rows.h. From rules to rows, and the cache's slow path.
 */
#include "rows.h"

#include <stddef.h>
#include <string.h>
#include <ucontext.h>

_Alignas(64) struct seep_row_entry seep_rows[SEEP_ROWS];
_Atomic uint32_t seep_rows_generation = 1;

/* An expression that is register + offset, and then perhaps the word there. */
static bool reads_place(const struct seep_cfi_rule *rule, unsigned cfi_register, bool dereferences, int64_t *offset)
{
	struct seep_cfi_bytes code = {.at = rule->expression, .end = rule->expression + rule->expression_bytes};

	if (seep_cfi_fixed(&code, 1) != SEEP_OP_BREG0 + cfi_register)
		return false;
	*offset = seep_cfi_sleb(&code);
	if (dereferences && seep_cfi_fixed(&code, 1) != SEEP_OP_DEREF)
		return false;
	return !code.bad && code.at == code.end;
}

static seep_row pack(unsigned flags, int64_t cfa_offset, int64_t saved)
{
	if (cfa_offset != (int32_t)cfa_offset || saved / 8 != (int16_t)(saved / 8) || saved % 8 != 0)
		return SEEP_ROW_FULL;
	return (uint64_t)cfa_offset << 32 | (uint16_t)(saved / 8) | flags;
}

static bool saved_in_context(const struct seep_cfi_rule *rule, size_t place)
{
	int64_t offset;

	return rule->kind == SEEP_CFI_EXPRESSION && reads_place(rule, SEEP_CFI_RSP, false, &offset) &&
	       offset == (int64_t)place;
}

/* Signal frames are recognised by what they say, which is the kernel's layout and can be no other. */
static seep_row from_signal_frame(const struct seep_cfi_rules *rules)
{
	int64_t offset;

	if (rules->cfa.kind == SEEP_CFI_VALUE_EXPRESSION && reads_place(&rules->cfa, SEEP_CFI_RSP, true, &offset) &&
		offset == offsetof(ucontext_t, uc_mcontext.gregs[REG_RSP]) &&
		saved_in_context(&rules->registers[SEEP_CFI_RIP], offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP])) &&
		saved_in_context(&rules->registers[SEEP_CFI_RBP], offsetof(ucontext_t, uc_mcontext.gregs[REG_RBP])))
		return SEEP_ROW_SIGNAL;
	return SEEP_ROW_FULL;
}

static seep_row from_expression(const struct seep_cfi_rules *rules)
{
	const struct seep_cfi_rule *rbp = &rules->registers[SEEP_CFI_RBP];
	int64_t cfa_word;
	int64_t saved;

	if (reads_place(&rules->cfa, SEEP_CFI_RBP, true, &cfa_word) && rbp->kind == SEEP_CFI_EXPRESSION &&
		reads_place(rbp, SEEP_CFI_RBP, false, &saved) && cfa_word % 8 == 0)
		return pack(SEEP_ROW_REALIGNED, cfa_word, saved);
	return SEEP_ROW_FULL;
}

static seep_row from_register(const struct seep_cfi_rules *rules)
{
	const struct seep_cfi_rule *rbp = &rules->registers[SEEP_CFI_RBP];
	int64_t offset = rules->cfa.value;
	unsigned flags = 0;
	int64_t saved = 0;

	if (rules->cfa_register == SEEP_CFI_RBP)
		flags |= SEEP_ROW_CFA_RBP;
	else if (rules->cfa_register != SEEP_CFI_RSP)
		return SEEP_ROW_FULL;
	/* The return address is within the frame; a callee that pops more than it can't be called by compiled code. */
	if (offset % 8 != 0 || offset < (flags & SEEP_ROW_CFA_RBP ? 0 : 8))
		return SEEP_ROW_FULL;
	if (rbp->kind == SEEP_CFI_OFFSET) {
		flags |= SEEP_ROW_RBP_SAVED;
		saved = rbp->value;
		if (saved >= 0 || (!(flags & SEEP_ROW_CFA_RBP) && saved < -offset))
			return SEEP_ROW_FULL; /* not within the frame */
	} else if (rbp->kind != SEEP_CFI_SAME) {
		return SEEP_ROW_FULL;
	}
	return pack(flags, offset, saved);
}

seep_row seep_row_from(const struct seep_cfi_rules *rules)
{
	const struct seep_cfi_rule *rip = &rules->registers[rules->return_column];

	if (rip->kind == SEEP_CFI_UNDEFINED)
		return SEEP_ROW_END;
	if (rules->return_column != SEEP_CFI_RIP)
		return SEEP_ROW_FULL;
	if (rules->signal_frame)
		return from_signal_frame(rules);
	if (rip->kind != SEEP_CFI_OFFSET || rip->value != -8 || rules->registers[SEEP_CFI_RSP].kind != SEEP_CFI_SAME)
		return SEEP_ROW_FULL;
	if (rules->cfa.kind == SEEP_CFI_VALUE_EXPRESSION)
		return from_expression(rules);
	return from_register(rules);
}

static void store(uintptr_t return_address, uint64_t key, seep_row row)
{
	static _Atomic uint32_t victim;
	unsigned place = seep_rows_place(return_address);
	struct seep_row_entry *entry = &seep_rows[place];

	for (unsigned way = 1; atomic_load_explicit(&entry->row, memory_order_relaxed) && way < SEEP_ROWS_WAYS; way++)
		entry = &seep_rows[place ^ way];
	if (atomic_load_explicit(&entry->row, memory_order_relaxed))
		entry = &seep_rows[place ^
				   (atomic_fetch_add_explicit(&victim, 1, memory_order_relaxed) % SEEP_ROWS_WAYS)];
	atomic_store_explicit(&entry->row, row, memory_order_relaxed);
	atomic_store_explicit(&entry->check, seep_rows_check(key, row), memory_order_relaxed);
}

seep_row seep_rows_exact(uintptr_t pc, struct seep_cfi_workspace *room)
{
	struct seep_cfi_entry entry;

	if (seep_cfi_find(pc, &entry) != SEEP_CFI_OK || seep_cfi_run(&entry, pc, room) != SEEP_CFI_OK)
		return SEEP_ROW_NONE;
	return seep_row_from(&room->rules);
}

seep_row seep_rows_find(uintptr_t return_address, uint64_t salt, struct seep_cfi_workspace *room)
{
	uint64_t key = return_address ^ salt;
	struct seep_cfi_entry entry;
	enum seep_cfi_status status;
	seep_row row;

	for (unsigned way = 1; way < SEEP_ROWS_WAYS; way++) {
		struct seep_row_entry *other = &seep_rows[seep_rows_place(return_address) ^ way];

		row = atomic_load_explicit(&other->row, memory_order_relaxed);
		if (atomic_load_explicit(&other->check, memory_order_relaxed) == seep_rows_check(key, row))
			return row;
	}
	/* The call itself is before the address: a call that never returns may be the last instruction of its function. */
	status = seep_cfi_find(return_address - 1, &entry);
	if (status == SEEP_CFI_NO_MODULE)
		return SEEP_ROW_NONE; /* not kept: a module may be loaded there later, and nobody would tell */
	row = SEEP_ROW_NONE;
	if (status == SEEP_CFI_OK && seep_cfi_run(&entry, return_address - 1, room) == SEEP_CFI_OK)
		row = seep_row_from(&room->rules);
	else if (status == SEEP_CFI_NO_ENTRY && seep_cfi_find(return_address, &entry) == SEEP_CFI_OK &&
		 entry.start == return_address)
		row = SEEP_ROW_END; /* nothing called here: who made the stack put the first byte of a function there */
	store(return_address, key, row);
	return row;
}

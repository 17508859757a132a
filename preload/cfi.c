/* SPDX-License-Identifier: Apache-2.0
 *
 * cfi.c: see cfi.h. The programs of CIE and FDE, and the encodings that all of CFI is written in.
 */
#include "cfi.h"

#include <string.h>

enum {
	CFA_ADVANCE = 0x40, /* these three hold an operand in their low six bits */
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,

	CFA_NOP = 0x00,
	CFA_SET_LOC = 0x01,
	CFA_ADVANCE1 = 0x02,
	CFA_ADVANCE2 = 0x03,
	CFA_ADVANCE4 = 0x04,
	CFA_OFFSET_EXTENDED = 0x05,
	CFA_RESTORE_EXTENDED = 0x06,
	CFA_UNDEFINED = 0x07,
	CFA_SAME_VALUE = 0x08,
	CFA_REGISTER = 0x09,
	CFA_REMEMBER_STATE = 0x0a,
	CFA_RESTORE_STATE = 0x0b,
	CFA_DEF_CFA = 0x0c,
	CFA_DEF_CFA_REGISTER = 0x0d,
	CFA_DEF_CFA_OFFSET = 0x0e,
	CFA_DEF_CFA_EXPRESSION = 0x0f,
	CFA_EXPRESSION = 0x10,
	CFA_OFFSET_EXTENDED_SF = 0x11,
	CFA_DEF_CFA_SF = 0x12,
	CFA_DEF_CFA_OFFSET_SF = 0x13,
	CFA_VAL_OFFSET = 0x14,
	CFA_VAL_OFFSET_SF = 0x15,
	CFA_VAL_EXPRESSION = 0x16,
	CFA_ADVANCE8 = 0x1d, /* MIPS's, but nobody stops an assembler */
	CFA_ARGS_SIZE = 0x2e, /* matters to landing pads only */
	CFA_NEGATIVE_OFFSET = 0x2f,
};

enum { PE_ABSOLUTE = 0x00, PE_ULEB = 0x01, PE_UDATA2 = 0x02, PE_UDATA4 = 0x03, PE_UDATA8 = 0x04, PE_SIGNED = 0x08 };
enum { PE_PCREL = 0x10, PE_DATAREL = 0x30, PE_ALIGNED = 0x50 };

uint64_t seep_cfi_fixed(struct seep_cfi_bytes *bytes, unsigned size)
{
	uint64_t value = 0;

	if (bytes->bad || (size_t)(bytes->end - bytes->at) < size) {
		bytes->bad = true;
		return 0;
	}
	memcpy(&value, bytes->at, size);
	bytes->at += size;
	return value;
}

static uint64_t leb(struct seep_cfi_bytes *bytes, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)seep_cfi_fixed(bytes, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && shift < 64 && byte & 0x40)
		value |= ~UINT64_C(0) << shift;
	return value;
}

uint64_t seep_cfi_uleb(struct seep_cfi_bytes *bytes)
{
	return leb(bytes, false);
}

int64_t seep_cfi_sleb(struct seep_cfi_bytes *bytes)
{
	return (int64_t)leb(bytes, true);
}

struct seep_cfi_bytes seep_cfi_take(struct seep_cfi_bytes *bytes, uint64_t size)
{
	struct seep_cfi_bytes taken = *bytes;

	if (bytes->bad || size > (uint64_t)(bytes->end - bytes->at)) {
		bytes->bad = true;
		taken.bad = true;
		size = 0;
	}
	bytes->at += size;
	taken.end = bytes->at;
	return taken;
}

static uint64_t sign_extended(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

uintptr_t seep_cfi_pointer(struct seep_cfi_bytes *bytes, uint8_t encoding, uintptr_t data)
{
	uintptr_t here = (uintptr_t)bytes->at;
	uint64_t value;

	if (encoding & SEEP_PE_INDIRECT) { /* what is omitted, too. Used for personality routines, never for code */
		bytes->bad = true;
		return 0;
	}
	if ((encoding & SEEP_PE_APPLICATION) == PE_ALIGNED) {
		seep_cfi_take(bytes, -here % sizeof(uintptr_t));
		return seep_cfi_fixed(bytes, sizeof(uintptr_t));
	}
	switch (encoding & 0x0f) {
	case PE_ABSOLUTE:
	case PE_UDATA8:
	case PE_SIGNED:
	case PE_SIGNED | PE_UDATA8:
		value = seep_cfi_fixed(bytes, 8);
		break;
	case PE_UDATA2:
		value = seep_cfi_fixed(bytes, 2);
		break;
	case PE_UDATA4:
		value = seep_cfi_fixed(bytes, 4);
		break;
	case PE_SIGNED | PE_UDATA2:
		value = sign_extended(seep_cfi_fixed(bytes, 2), 2);
		break;
	case PE_SIGNED | PE_UDATA4:
		value = sign_extended(seep_cfi_fixed(bytes, 4), 4);
		break;
	case PE_ULEB:
		value = seep_cfi_uleb(bytes);
		break;
	case PE_SIGNED | PE_ULEB:
		value = (uint64_t)seep_cfi_sleb(bytes);
		break;
	default:
		bytes->bad = true;
		return 0;
	}
	if (!value)
		return 0; /* a null pointer, whatever it would count from */
	switch (encoding & SEEP_PE_APPLICATION) {
	case 0:
		break;
	case PE_PCREL:
		value += here;
		break;
	case PE_DATAREL:
		value += data;
		break;
	default: /* textrel and funcrel: nothing on this architecture writes them */
		bytes->bad = true;
		return 0;
	}
	return (uintptr_t)value;
}

static void set(struct seep_cfi_rules *rules, uint64_t column, enum seep_cfi_rule_kind kind, int64_t value)
{
	if (column < SEEP_CFI_REGISTERS) /* vector registers and such don't matter to where a caller is */
		rules->registers[column] = (struct seep_cfi_rule){.kind = kind, .value = value};
}

static void set_expression(struct seep_cfi_rules *rules, uint64_t column, enum seep_cfi_rule_kind kind,
	const struct seep_cfi_bytes *expression)
{
	if (column < SEEP_CFI_REGISTERS)
		rules->registers[column] = (struct seep_cfi_rule){.kind = kind,
			.expression_bytes = (uint32_t)(expression->end - expression->at),
			.expression = expression->at};
}

static void define_cfa(struct seep_cfi_rules *rules, uint64_t cfa_register, int64_t offset)
{
	rules->cfa = (struct seep_cfi_rule){.kind = SEEP_CFI_REGISTER, .value = offset};
	rules->cfa_register = cfa_register < SEEP_CFI_REGISTERS ? (uint32_t)cfa_register : SEEP_CFI_REGISTERS;
}

/* One run: of the CIE's program to its end, or of the FDE's up to pc. */
struct run {
	const struct seep_cfi_entry *entry;
	struct seep_cfi_workspace *workspace;
	struct seep_cfi_bytes code;
	uintptr_t at; /* the rules so far are those from here on */
	unsigned remembered;
};

static void restore(struct run *run, uint64_t column)
{
	if (column < SEEP_CFI_REGISTERS)
		run->workspace->rules.registers[column] = run->workspace->initial.registers[column];
}

/* One instruction that does not advance. False: it makes no sense. */
static bool define(struct run *run, uint8_t instruction)
{
	struct seep_cfi_rules *rules = &run->workspace->rules;
	struct seep_cfi_bytes *code = &run->code;
	int64_t data_align = run->entry->data_align;
	struct seep_cfi_bytes expression;
	uint64_t column;

	switch (instruction) {
	case CFA_NOP:
		return true;
	case CFA_DEF_CFA:
		column = seep_cfi_uleb(code);
		define_cfa(rules, column, (int64_t)seep_cfi_uleb(code));
		return true;
	case CFA_DEF_CFA_SF:
		column = seep_cfi_uleb(code);
		define_cfa(rules, column, seep_cfi_sleb(code) * data_align);
		return true;
	case CFA_DEF_CFA_REGISTER:
		define_cfa(rules, seep_cfi_uleb(code), rules->cfa.kind == SEEP_CFI_REGISTER ? rules->cfa.value : 0);
		return true;
	case CFA_DEF_CFA_OFFSET:
	case CFA_DEF_CFA_OFFSET_SF:
		if (rules->cfa.kind != SEEP_CFI_REGISTER)
			return false;
		rules->cfa.value = instruction == CFA_DEF_CFA_OFFSET ? (int64_t)seep_cfi_uleb(code)
								     : seep_cfi_sleb(code) * data_align;
		return true;
	case CFA_DEF_CFA_EXPRESSION:
		expression = seep_cfi_take(code, seep_cfi_uleb(code));
		rules->cfa = (struct seep_cfi_rule){.kind = SEEP_CFI_VALUE_EXPRESSION,
			.expression_bytes = (uint32_t)(expression.end - expression.at),
			.expression = expression.at};
		return true;
	case CFA_EXPRESSION:
	case CFA_VAL_EXPRESSION:
		column = seep_cfi_uleb(code);
		expression = seep_cfi_take(code, seep_cfi_uleb(code));
		set_expression(rules, column,
			instruction == CFA_EXPRESSION ? SEEP_CFI_EXPRESSION : SEEP_CFI_VALUE_EXPRESSION, &expression);
		return true;
	case CFA_OFFSET_EXTENDED:
		column = seep_cfi_uleb(code);
		set(rules, column, SEEP_CFI_OFFSET, (int64_t)seep_cfi_uleb(code) * data_align);
		return true;
	case CFA_OFFSET_EXTENDED_SF:
		column = seep_cfi_uleb(code);
		set(rules, column, SEEP_CFI_OFFSET, seep_cfi_sleb(code) * data_align);
		return true;
	case CFA_NEGATIVE_OFFSET:
		column = seep_cfi_uleb(code);
		set(rules, column, SEEP_CFI_OFFSET, -(int64_t)seep_cfi_uleb(code) * data_align);
		return true;
	case CFA_VAL_OFFSET:
		column = seep_cfi_uleb(code);
		set(rules, column, SEEP_CFI_VALUE_OFFSET, (int64_t)seep_cfi_uleb(code) * data_align);
		return true;
	case CFA_VAL_OFFSET_SF:
		column = seep_cfi_uleb(code);
		set(rules, column, SEEP_CFI_VALUE_OFFSET, seep_cfi_sleb(code) * data_align);
		return true;
	case CFA_REGISTER:
		column = seep_cfi_uleb(code);
		set(rules, column, SEEP_CFI_REGISTER, (int64_t)seep_cfi_uleb(code));
		return true;
	case CFA_UNDEFINED:
		set(rules, seep_cfi_uleb(code), SEEP_CFI_UNDEFINED, 0);
		return true;
	case CFA_SAME_VALUE:
		set(rules, seep_cfi_uleb(code), SEEP_CFI_SAME, 0);
		return true;
	case CFA_RESTORE_EXTENDED:
		restore(run, seep_cfi_uleb(code));
		return true;
	case CFA_REMEMBER_STATE:
		if (run->remembered == SEEP_CFI_REMEMBERED)
			return false;
		run->workspace->remembered[run->remembered++] = *rules;
		return true;
	case CFA_RESTORE_STATE:
		if (run->remembered == 0)
			return false;
		*rules = run->workspace->remembered[--run->remembered];
		return true;
	case CFA_ARGS_SIZE:
		seep_cfi_uleb(code);
		return true;
	}
	return false;
}

/* Where the next rules begin, if the instruction says that; otherwise where these begin. */
static uintptr_t advanced(struct run *run, uint8_t instruction)
{
	uint64_t align = run->entry->code_align;

	switch (instruction) {
	case CFA_SET_LOC:
		return seep_cfi_pointer(&run->code, run->entry->pointer_encoding, 0);
	case CFA_ADVANCE1:
		return run->at + seep_cfi_fixed(&run->code, 1) * align;
	case CFA_ADVANCE2:
		return run->at + seep_cfi_fixed(&run->code, 2) * align;
	case CFA_ADVANCE4:
		return run->at + seep_cfi_fixed(&run->code, 4) * align;
	case CFA_ADVANCE8:
		return run->at + seep_cfi_fixed(&run->code, 8) * align;
	}
	return (instruction & 0xc0) == CFA_ADVANCE ? run->at + (instruction & 0x3f) * align : run->at;
}

static bool advances(uint8_t instruction)
{
	return (instruction >= CFA_SET_LOC && instruction <= CFA_ADVANCE4) || instruction == CFA_ADVANCE8 ||
	       (instruction & 0xc0) == CFA_ADVANCE;
}

static enum seep_cfi_status execute(struct run *run, uintptr_t pc)
{
	while (run->code.at < run->code.end && !run->code.bad) {
		uint8_t instruction = (uint8_t)seep_cfi_fixed(&run->code, 1);

		if (advances(instruction)) {
			uintptr_t next = advanced(run, instruction);

			if (next > pc && !run->code.bad)
				break;
			run->at = next;
		} else if ((instruction & 0xc0) == CFA_OFFSET) {
			set(&run->workspace->rules, instruction & 0x3f, SEEP_CFI_OFFSET,
				(int64_t)seep_cfi_uleb(&run->code) * run->entry->data_align);
		} else if ((instruction & 0xc0) == CFA_RESTORE) {
			restore(run, instruction & 0x3f);
		} else if (!define(run, instruction)) {
			return SEEP_CFI_BAD;
		}
	}
	return run->code.bad ? SEEP_CFI_BAD : SEEP_CFI_OK;
}

enum seep_cfi_status seep_cfi_run(
	const struct seep_cfi_entry *entry, uintptr_t pc, struct seep_cfi_workspace *workspace)
{
	struct run run = {.entry = entry, .workspace = workspace, .code = entry->initial, .at = entry->start};
	enum seep_cfi_status status;

	if (entry->return_column >= SEEP_CFI_REGISTERS)
		return SEEP_CFI_BAD;
	memset(&workspace->rules, 0, sizeof workspace->rules);
	workspace->rules.cfa_register = SEEP_CFI_REGISTERS;
	workspace->rules.signal_frame = entry->signal_frame;
	workspace->rules.return_column = (uint32_t)entry->return_column;
	memset(&workspace->initial, 0, sizeof workspace->initial);
	status = execute(&run, UINTPTR_MAX);
	if (status != SEEP_CFI_OK)
		return status;
	workspace->initial = workspace->rules;
	run.code = entry->program;
	run.at = entry->start;
	return execute(&run, pc);
}

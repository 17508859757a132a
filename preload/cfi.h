/* SPDX-License-Identifier: Apache-2.0
 *
 * cfi.h: call frame information: what .eh_frame says about one place in the code, and the step to the caller that follows from
 * it. Three files, one for each step:
 *
 *   cfi_find.c   address -> the entry (FDE) that covers it, of the module that the loader has there
 *   cfi.c        entry -> rules: its program, run up to that address
 *   cfi_step.c   rules and registers -> the caller's registers
 *
 * Nothing here allocates, locks or calls into the C library, except for _dl_find_object, which is lock-free and made for
 * signal handlers. The tables are read through a cursor with an end: a broken table gives a status and no fault.
 *
 * Sources: the DWARF 5 standard, section 6.4; the Linux Standard Base, "Exception Frames"; the x86-64 psABI, section 3.7.
 */
#ifndef SEEP_PRELOAD_CFI_H
#define SEEP_PRELOAD_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DWARF's numbers of the x86-64 registers that rules are kept for: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 .. r15 and the
 * return address. */
enum {
	SEEP_CFI_RBX = 3,
	SEEP_CFI_RBP = 6,
	SEEP_CFI_RSP = 7,
	SEEP_CFI_R12 = 12,
	SEEP_CFI_RIP = 16,
	SEEP_CFI_REGISTERS = 17,
};

enum seep_cfi_status {
	SEEP_CFI_OK = 0,
	SEEP_CFI_NO_MODULE, /* the loader knows of no file there: generated code, or none at all */
	SEEP_CFI_NO_ENTRY, /* a file is there, without unwind information for this address */
	SEEP_CFI_BAD, /* unwind information that makes no sense, or that seep does not know */
};

/* Bytes between two addresses, read from the front. A read that does not fit yields 0 and sets `bad`, which stays. */
struct seep_cfi_bytes {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

/* An FDE with what its CIE says. */
struct seep_cfi_entry {
	uintptr_t start; /* of the code that it covers */
	uintptr_t end;
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_column;
	struct seep_cfi_bytes initial; /* the CIE's program */
	struct seep_cfi_bytes program;
	uint8_t pointer_encoding; /* of DW_CFA_set_loc */
	bool signal_frame; /* augmentation S: the caller was interrupted, it did not call */
};

enum seep_cfi_rule_kind {
	SEEP_CFI_SAME = 0, /* as in the callee; also where nothing is said */
	SEEP_CFI_UNDEFINED, /* lost; for the return address: there is no caller */
	SEEP_CFI_OFFSET, /* saved at CFA + value */
	SEEP_CFI_VALUE_OFFSET, /* is CFA + value */
	SEEP_CFI_REGISTER, /* in the callee's register number value */
	SEEP_CFI_EXPRESSION, /* saved where the expression says, which starts with the CFA on its stack */
	SEEP_CFI_VALUE_EXPRESSION, /* is what the expression says */
};

struct seep_cfi_rule {
	uint32_t kind;
	uint32_t expression_bytes;
	union {
		int64_t value;
		const uint8_t *expression;
	};
};

/* How to get from a frame to its caller. The CFA is register + value (SEEP_CFI_REGISTER) or what an expression says
 * (SEEP_CFI_VALUE_EXPRESSION). */
struct seep_cfi_rules {
	struct seep_cfi_rule cfa;
	uint32_t cfa_register;
	uint32_t
		return_column; /* whose rule is that of the return address: SEEP_CFI_RIP in all but hand-written tables */
	bool signal_frame;
	struct seep_cfi_rule registers[SEEP_CFI_REGISTERS];
};

#define SEEP_CFI_REMEMBERED 6 /* depth of DW_CFA_remember_state; compilers use one, hand-written code two */

/* The result, and the room that it takes to get it: too much for a small stack. */
struct seep_cfi_workspace {
	struct seep_cfi_rules rules;
	struct seep_cfi_rules initial;
	struct seep_cfi_rules remembered[SEEP_CFI_REMEMBERED];
};

struct seep_cfi_registers {
	uintptr_t value[SEEP_CFI_REGISTERS];
	uint32_t known; /* bit n: value[n] is known */
};

/* Reads one word of 1, 2, 4 or 8 bytes of the stack. False: it can't be read, and the step fails. */
typedef bool seep_cfi_read(void *context, uintptr_t address, unsigned bytes, uintptr_t *value);

/* Finds the entry that covers pc. */
enum seep_cfi_status seep_cfi_find(uintptr_t pc, struct seep_cfi_entry *entry);

/* The same among given tables: `header` is an .eh_frame_hdr of which, and of the .eh_frame that it leads to, all bytes lie
 * between low and high. */
enum seep_cfi_status seep_cfi_search(
	const uint8_t *header, const uint8_t *low, const uint8_t *high, uintptr_t pc, struct seep_cfi_entry *entry);

/* Runs the entry's program up to pc: workspace->rules. */
enum seep_cfi_status seep_cfi_run(
	const struct seep_cfi_entry *entry, uintptr_t pc, struct seep_cfi_workspace *workspace);

/* Replaces the registers of a frame by those of its caller; *slot becomes the place where the return address was read, 0 if it
 * came from a register. False: something was unreadable or unknown, among them the return address; then the registers are in
 * no useful state. */
bool seep_cfi_step(const struct seep_cfi_rules *rules, struct seep_cfi_registers *registers, uintptr_t *slot,
	seep_cfi_read *read, void *context);

/* What more than one file needs to know of DWARF's numbers: encodings of pointers (DW_EH_PE_) and operations of expressions. */
enum {
	SEEP_PE_DATAREL_SDATA4 = 0x3b,
	SEEP_PE_APPLICATION = 0x70,
	SEEP_PE_INDIRECT = 0x80,
	SEEP_PE_OMIT = 0xff,
	SEEP_OP_DEREF = 0x06,
	SEEP_OP_BREG0 = 0x70,
};

/* Reading, for the three files and their tests. */
uint64_t seep_cfi_fixed(struct seep_cfi_bytes *bytes, unsigned size); /* 1 .. 8 bytes, little-endian */
uint64_t seep_cfi_uleb(struct seep_cfi_bytes *bytes);
int64_t seep_cfi_sleb(struct seep_cfi_bytes *bytes);
struct seep_cfi_bytes seep_cfi_take(
	struct seep_cfi_bytes *bytes, uint64_t size); /* the next so many, as a cursor of their own */

/* A pointer of one of the DW_EH_PE_ encodings. data: what DW_EH_PE_datarel counts from. */
uintptr_t seep_cfi_pointer(struct seep_cfi_bytes *bytes, uint8_t encoding, uintptr_t data);

#endif

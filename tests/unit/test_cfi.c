/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of unwind tables: each encoding, instruction and operation by itself, and broken tables, against a page that
 * can't be read.
 */
#include "support_cfi.h"

/* ---- Finding ---- */

static enum seep_cfi_status search(const uint8_t *header, uintptr_t pc, struct seep_cfi_entry *entry)
{
	return seep_cfi_search(header, room, room + ROOM, pc, entry);
}

static void check_form(const struct form *form)
{
	static const uint8_t program[] = {CFA_ADVANCE | 1, CFA_DEF_CFA_OFFSET, 16, CFA_OFFSET | SEEP_CFI_RBP, 2};
	struct writer *writer = new_writer();
	struct seep_cfi_workspace workspace;
	struct seep_cfi_entry entry;
	const uint8_t *header;
	size_t at;

	at = put_tables_last(writer, form, program, sizeof program);
	header = place(writer, at);

	assert_int_equal(search(header, code() - 1, &entry), SEEP_CFI_NO_ENTRY);
	assert_int_equal(search(header, code(), &entry), SEEP_CFI_OK);
	assert_int_equal(entry.start, code());
	assert_int_equal(entry.end, code() + 0x100);
	assert_int_equal(entry.signal_frame, strchr(form->augmentation, 'S') != NULL);
	assert_int_equal(search(header, code() + 0xff, &entry), SEEP_CFI_OK);
	assert_int_equal(search(header, code() + 0x100, &entry), SEEP_CFI_NO_ENTRY);
	assert_int_equal(search(header, code() + 0x1ff, &entry), SEEP_CFI_NO_ENTRY);
	assert_int_equal(search(header, code() + 0x200, &entry), SEEP_CFI_OK);
	assert_int_equal(entry.start, code() + 0x200);
	assert_int_equal(search(header, code() + 0x300, &entry), SEEP_CFI_NO_ENTRY);

	assert_int_equal(search(header, code() + 0x201, &entry), SEEP_CFI_OK);
	assert_int_equal(seep_cfi_run(&entry, code() + 0x200, &workspace), SEEP_CFI_OK);
	assert_int_equal(workspace.rules.cfa_register, SEEP_CFI_RSP);
	assert_int_equal(workspace.rules.cfa.value, 8);
	assert_int_equal(workspace.rules.registers[SEEP_CFI_RBP].kind, SEEP_CFI_SAME);
	assert_int_equal(seep_cfi_run(&entry, code() + 0x201, &workspace), SEEP_CFI_OK);
	assert_int_equal(workspace.rules.cfa.value, 16);
	assert_int_equal(workspace.rules.registers[SEEP_CFI_RBP].kind, SEEP_CFI_OFFSET);
	assert_int_equal(workspace.rules.registers[SEEP_CFI_RBP].value, -16);
	assert_int_equal(workspace.rules.registers[SEEP_CFI_RIP].value, -8);
	test_free(writer);
}

static void every_encoding(void **state)
{
	static const uint8_t encodings[] = {
		PE_ABSOLUTE,
		PE_ULEB,
		PE_UDATA4,
		PE_UDATA8,
		PE_ULEB | PE_SIGNED,
		PE_UDATA4 | PE_SIGNED,
		PE_UDATA8 | PE_SIGNED,
		PE_PCREL | PE_UDATA2,
		PE_PCREL | PE_UDATA4,
		PE_PCREL | PE_UDATA8,
		PE_PCREL | PE_UDATA2 | PE_SIGNED,
		PE_PCREL | PE_UDATA4 | PE_SIGNED,
		PE_PCREL | PE_UDATA8 | PE_SIGNED,
		PE_PCREL | PE_ULEB,
		PE_ALIGNED,
	};
	static const uint8_t versions[] = {1, 3, 4};
	static const char *const augmentations[] = {"zR", "zPLR", "zRS", "zLPRSB"};

	(void)state;
	for (size_t i = 0; i < sizeof encodings; i++)
		for (unsigned variant = 0; variant < 3 * 4 * 2 * 2; variant++)
			check_form(&(struct form){.encoding = encodings[i],
				.version = versions[variant % 3],
				.augmentation = augmentations[variant / 3 % 4],
				.extended = variant / 12 % 2,
				.has_table = variant / 24});
}

static void no_augmentation_means_absolute_pointers(void **state)
{
	(void)state;
	check_form(&(struct form){.version = 1, .augmentation = "", .encoding = PE_ABSOLUTE, .has_table = true});
}

static void what_is_unknown_is_bad(void **state)
{
	static const struct form forms[] = {
		{2, "zR", PE_PCREL | PE_UDATA4 | PE_SIGNED, false, true},
		{1, "zXR", PE_PCREL | PE_UDATA4 | PE_SIGNED, false, true},
		{1, "eh", PE_ABSOLUTE, false, true},
		{1, "zR", SEEP_PE_OMIT, false, true},
		{1, "zR", SEEP_PE_INDIRECT | PE_UDATA8, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct writer *writer = new_writer();
		struct seep_cfi_entry entry;
		size_t at;

		at = put_tables_last(writer, &forms[i], NULL, 0);
		assert_int_equal(search(place(writer, at), code(), &entry), SEEP_CFI_BAD);
		test_free(writer);
	}
}

static bool read_nothing(void *context, uintptr_t address, unsigned bytes, uintptr_t *value)
{
	(void)context;
	(void)address;
	(void)bytes;
	*value = 1;
	return true;
}

/* Everything that can be done with tables, whatever they are: a fault would end the test. */
static void use(const uint8_t *header, const uint8_t *low, const uint8_t *high, uintptr_t pc)
{
	struct seep_cfi_registers registers = {.known = 0x1ffff};
	struct seep_cfi_workspace workspace;
	struct seep_cfi_entry entry;
	uintptr_t slot;

	if (seep_cfi_search(header, low, high, pc, &entry) == SEEP_CFI_OK &&
		seep_cfi_run(&entry, pc, &workspace) == SEEP_CFI_OK)
		seep_cfi_step(&workspace.rules, &registers, &slot, read_nothing, NULL);
}

static const uint8_t rich_program[] = {CFA_ADVANCE | 1, CFA_DEF_CFA_OFFSET, 16, CFA_OFFSET | SEEP_CFI_RBP, 2,
	CFA_ADVANCE1, 2, CFA_DEF_CFA_REGISTER, SEEP_CFI_RBP, CFA_REMEMBER_STATE, CFA_ADVANCE2, 4, 0, CFA_EXPRESSION, 3,
	4, SEEP_OP_BREG0 + 6, 0x70, SEEP_OP_DEREF, OP_NOP, CFA_ADVANCE4, 1, 0, 0, 0, CFA_RESTORE_STATE,
	CFA_DEF_CFA_EXPRESSION, 3, SEEP_OP_BREG0 + 7, 0x88, 0x01};

static void cut_tables_are_not_read_beyond_their_end(void **state)
{
	for (int has_table = 0; has_table < 2; has_table++) {
		struct form form = USUAL;
		struct writer *writer = new_writer();
		size_t whole;

		form.has_table = has_table;
		put_tables(writer, &form, rich_program, sizeof rich_program);
		whole = writer->used;
		for (size_t bytes = 4; bytes <= whole; bytes++) {
			size_t at;

			writer->address = (uintptr_t)room + ROOM - bytes;
			writer->used = 0;
			at = put_tables(writer, &form, rich_program, sizeof rich_program);
			memcpy(room + ROOM - bytes, writer->bytes, bytes);
			for (unsigned pc = 0; pc < 0x210; pc += 3) {
				struct seep_cfi_entry entry;
				struct seep_cfi_workspace workspace;
				const uint8_t *next;

				if (at + 4 <= bytes)
					use(room + ROOM - bytes + at, room, room + ROOM, code() + pc);
				if (read_fde(room + ROOM - bytes, room, room + ROOM, &entry, &next))
					seep_cfi_run(&entry, code() + pc, &workspace);
				scan(room + ROOM - bytes, room, room + ROOM, code() + pc, &entry);
			}
		}
		test_free(writer);
	}
	(void)state;
}

static void damaged_tables_are_survived(void **state)
{
	struct writer *writer = new_writer();
	struct form form = USUAL;
	const uint8_t *header;
	size_t at;

	(void)state;
	at = put_tables_last(writer, &form, rich_program, sizeof rich_program);
	for (int round = 0; round < 200000; round++) {
		header = place(writer, at);
		for (uint64_t flips = 1 + below(3); flips > 0; flips--)
			((uint8_t *)writer->address)[below(writer->used)] = (uint8_t)any();
		use(header, room, room + ROOM, code() + below(0x210));
	}
	test_free(writer);
}

/* ---- Programs ---- */

struct case_of_run {
	const char *name;
	uint8_t program[24];
	uint8_t bytes;
	uint8_t pc;
	enum seep_cfi_status status;
	uint32_t cfa_register;
	int64_t cfa_offset;
	uint32_t rbp_kind;
	int64_t rbp_value;
};

#define RBP SEEP_CFI_RBP
#define RSP SEEP_CFI_RSP

/* All begin with CFA = rsp + 8. */
static const struct case_of_run cases_of_run[] = {
	{"nothing", {0}, 0, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME, 0},
	{"def_cfa", {CFA_DEF_CFA, RBP, 0x90, 1}, 4, 0, SEEP_CFI_OK, RBP, 144, SEEP_CFI_SAME, 0},
	{"def_cfa_sf", {CFA_DEF_CFA_SF, RBP, 0x7e}, 3, 0, SEEP_CFI_OK, RBP, 16, SEEP_CFI_SAME, 0},
	{"def_cfa_offset_sf", {CFA_DEF_CFA_OFFSET_SF, 0x7d}, 2, 0, SEEP_CFI_OK, RSP, 24, SEEP_CFI_SAME, 0},
	{"def_cfa_register", {CFA_DEF_CFA_REGISTER, 10}, 2, 0, SEEP_CFI_OK, 10, 8, SEEP_CFI_SAME, 0},
	{"advance: not yet", {CFA_ADVANCE | 5, CFA_DEF_CFA_OFFSET, 32}, 3, 4, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME, 0},
	{"advance: just so", {CFA_ADVANCE | 5, CFA_DEF_CFA_OFFSET, 32}, 3, 5, SEEP_CFI_OK, RSP, 32, SEEP_CFI_SAME, 0},
	{"advance1", {CFA_ADVANCE1, 200, CFA_DEF_CFA_OFFSET, 32}, 4, 200, SEEP_CFI_OK, RSP, 32, SEEP_CFI_SAME, 0},
	{"advance2", {CFA_ADVANCE2, 200, 0, CFA_DEF_CFA_OFFSET, 32}, 5, 199, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME, 0},
	{"advance4", {CFA_ADVANCE4, 9, 0, 0, 0, CFA_DEF_CFA_OFFSET, 32}, 7, 9, SEEP_CFI_OK, RSP, 32, SEEP_CFI_SAME, 0},
	{"offset", {CFA_OFFSET | RBP, 2}, 2, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_OFFSET, -16},
	{"offset_extended", {CFA_OFFSET_EXTENDED, RBP, 0x80, 1}, 4, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_OFFSET, -1024},
	{"offset_extended_sf", {CFA_OFFSET_EXTENDED_SF, RBP, 0x7f}, 3, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_OFFSET, 8},
	{"negative_offset", {CFA_NEGATIVE_OFFSET, RBP, 3}, 3, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_OFFSET, 24},
	{"val_offset", {CFA_VAL_OFFSET, RBP, 2}, 3, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_VALUE_OFFSET, -16},
	{"val_offset_sf", {CFA_VAL_OFFSET_SF, RBP, 0x7e}, 3, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_VALUE_OFFSET, 16},
	{"register", {CFA_REGISTER, RBP, 12}, 3, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_REGISTER, 12},
	{"undefined", {CFA_UNDEFINED, RBP}, 2, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_UNDEFINED, 0},
	{"same_value", {CFA_OFFSET | RBP, 2, CFA_SAME_VALUE, RBP}, 4, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME, 0},
	{"restore", {CFA_OFFSET | RBP, 2, CFA_RESTORE | RBP}, 3, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME, 0},
	{"restore_extended", {CFA_OFFSET | RBP, 2, CFA_RESTORE_EXTENDED, RBP}, 4, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME,
		0},
	{"remember and restore",
		{CFA_REMEMBER_STATE, CFA_DEF_CFA, RBP, 16, CFA_OFFSET | RBP, 2, CFA_ADVANCE | 8, CFA_RESTORE_STATE}, 8,
		8, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME, 0},
	{"remembered, not yet restored",
		{CFA_REMEMBER_STATE, CFA_DEF_CFA, RBP, 16, CFA_OFFSET | RBP, 2, CFA_ADVANCE | 8, CFA_RESTORE_STATE}, 8,
		7, SEEP_CFI_OK, RBP, 16, SEEP_CFI_OFFSET, -16},
	{"remembered twice",
		{CFA_REMEMBER_STATE, CFA_DEF_CFA_OFFSET, 16, CFA_REMEMBER_STATE, CFA_DEF_CFA_OFFSET, 24,
			CFA_RESTORE_STATE},
		7, 0, SEEP_CFI_OK, RSP, 16, SEEP_CFI_SAME, 0},
	{"args_size", {CFA_ARGS_SIZE, 0x90, 1, CFA_DEF_CFA_OFFSET, 16}, 5, 0, SEEP_CFI_OK, RSP, 16, SEEP_CFI_SAME, 0},
	{"a vector register", {CFA_OFFSET | 17, 4, CFA_OFFSET_EXTENDED, 40, 5}, 5, 0, SEEP_CFI_OK, RSP, 8,
		SEEP_CFI_SAME, 0},
	{"set_loc", {CFA_SET_LOC, 0, 0, 0, 0, CFA_DEF_CFA_OFFSET, 32}, 7, 0, SEEP_CFI_OK, RSP, 32, SEEP_CFI_SAME, 0},
	{"restores what nobody remembered", {CFA_RESTORE_STATE}, 1, 0, SEEP_CFI_BAD, 0, 0, 0, 0},
	{"an unknown instruction", {0x3f}, 1, 0, SEEP_CFI_BAD, 0, 0, 0, 0},
	{"unknown, but later", {CFA_ADVANCE | 1, 0x3f}, 2, 0, SEEP_CFI_OK, RSP, 8, SEEP_CFI_SAME, 0},
	{"cut", {CFA_DEF_CFA, RBP}, 2, 0, SEEP_CFI_BAD, 0, 0, 0, 0},
	{"cut number", {CFA_DEF_CFA_OFFSET, 0x80}, 2, 0, SEEP_CFI_BAD, 0, 0, 0, 0},
	{"cut expression", {CFA_DEF_CFA_EXPRESSION, 5, OP_NOP}, 3, 0, SEEP_CFI_BAD, 0, 0, 0, 0},
	{"offset to an expression", {CFA_DEF_CFA_EXPRESSION, 1, OP_LIT0, CFA_DEF_CFA_OFFSET, 8}, 5, 0, SEEP_CFI_BAD, 0,
		0, 0, 0},
};

static void each_instruction(void **state)
{
	static const uint8_t initial[] = {CFA_DEF_CFA, RSP, 8, CFA_OFFSET | SEEP_CFI_RIP, 1};

	(void)state;
	for (size_t i = 0; i < sizeof cases_of_run / sizeof cases_of_run[0]; i++) {
		const struct case_of_run *run = &cases_of_run[i];
		struct seep_cfi_entry entry = {.start = code(),
			.end = code() + 0x100,
			.code_align = 1,
			.data_align = -8,
			.return_column = SEEP_CFI_RIP,
			.pointer_encoding = PE_PCREL | PE_UDATA4,
			.initial = {initial, initial + sizeof initial, false},
			.program = {run->program, run->program + run->bytes, false}};
		struct seep_cfi_workspace workspace;
		const struct seep_cfi_rules *rules = &workspace.rules;
		enum seep_cfi_status status = seep_cfi_run(&entry, code() + run->pc, &workspace);

		if (status != run->status ||
			(status == SEEP_CFI_OK &&
				(rules->cfa_register != run->cfa_register || rules->cfa.value != run->cfa_offset ||
					rules->registers[RBP].kind != run->rbp_kind ||
					rules->registers[RBP].value != run->rbp_value)))
			fail_msg("%s: status %u, CFA %u + %ld, rbp %u %ld", run->name, status, rules->cfa_register,
				(long)rules->cfa.value, rules->registers[RBP].kind, (long)rules->registers[RBP].value);
	}
}

static void remembers_only_so_deep(void **state)
{
	uint8_t program[SEEP_CFI_REMEMBERED + 1];
	struct seep_cfi_entry entry = {.start = code(), .end = code() + 1, .return_column = SEEP_CFI_RIP};
	struct seep_cfi_workspace workspace;

	(void)state;
	memset(program, CFA_REMEMBER_STATE, sizeof program);
	entry.program = (struct seep_cfi_bytes){program, program + SEEP_CFI_REMEMBERED, false};
	assert_int_equal(seep_cfi_run(&entry, code(), &workspace), SEEP_CFI_OK);
	entry.program.end++;
	assert_int_equal(seep_cfi_run(&entry, code(), &workspace), SEEP_CFI_BAD);
}

/* ---- Expressions ---- */

struct case_of_expression {
	const char *name;
	uint8_t code[16];
	uint8_t bytes;
	bool good;
	uint64_t value;
};

static const struct case_of_expression cases_of_expression[] = {
	{"lit", {OP_LIT0 + 31}, 1, true, 31},
	{"const1s", {OP_CONST1U + 1, 0xff}, 2, true, UINT64_MAX},
	{"const2u", {OP_CONST1U + 2, 0x34, 0x12}, 3, true, 0x1234},
	{"const4s", {OP_CONST1U + 5, 0, 0, 0, 0x80}, 5, true, 0xffffffff80000000u},
	{"const8u", {OP_CONST1U + 6, 1, 2, 3, 4, 5, 6, 7, 8}, 9, true, 0x0807060504030201u},
	{"addr", {OP_ADDR, 1, 0, 0, 0, 0, 0, 0, 0}, 9, true, 1},
	{"constu", {OP_CONSTU, 0x80, 1}, 3, true, 128},
	{"consts", {OP_CONSTS, 0x7f}, 2, true, UINT64_MAX},
	{"breg", {SEEP_OP_BREG0 + 3, 0x7f}, 2, true, 0x303 - 1},
	{"bregx", {OP_BREGX, 3, 2}, 3, true, 0x303 + 2},
	{"a register that is not known", {SEEP_OP_BREG0 + 1, 0}, 2, false, 0},
	{"a register that is none", {OP_BREGX, 17, 0}, 3, false, 0},
	{"dup plus", {OP_LIT0 + 4, OP_DUP, OP_PLUS}, 3, true, 8},
	{"drop", {OP_LIT0 + 4, OP_LIT0 + 5, OP_DROP}, 3, true, 4},
	{"over", {OP_LIT0 + 4, OP_LIT0 + 5, OP_OVER}, 3, true, 4},
	{"pick", {OP_LIT0 + 4, OP_LIT0 + 5, OP_LIT0 + 6, OP_PICK, 2}, 5, true, 4},
	{"swap minus", {OP_LIT0 + 4, OP_LIT0 + 9, OP_SWAP, OP_MINUS}, 4, true, 5},
	{"rot", {OP_LIT0 + 1, OP_LIT0 + 2, OP_LIT0 + 3, OP_ROT}, 4, true, 2},
	{"rot: the third is the first", {OP_LIT0 + 1, OP_LIT0 + 2, OP_LIT0 + 3, OP_ROT, OP_DROP, OP_DROP}, 6, true, 3},
	{"abs", {OP_CONSTS, 0x70, OP_ABS}, 3, true, 16},
	{"neg not", {OP_LIT0 + 5, OP_NEG, OP_NOT}, 3, true, 4},
	{"div is signed", {OP_CONSTS, 0x78, OP_LIT0 + 2, OP_DIV}, 4, true, (uint64_t)-4},
	{"div by zero", {OP_LIT0 + 5, OP_LIT0, OP_DIV}, 3, false, 0},
	{"div that overflows", {OP_CONST1U + 6, 0, 0, 0, 0, 0, 0, 0, 0x80, OP_CONSTS, 0x7f, OP_DIV}, 12, true,
		UINT64_C(1) << 63},
	{"mod", {OP_LIT0 + 17, OP_LIT0 + 5, OP_MOD}, 3, true, 2},
	{"mod by zero", {OP_LIT0 + 5, OP_LIT0, OP_MOD}, 3, false, 0},
	{"mul", {OP_LIT0 + 6, OP_LIT0 + 7, OP_MUL}, 3, true, 42},
	{"and or xor", {OP_LIT0 + 12, OP_LIT0 + 10, OP_AND, OP_LIT0 + 1, OP_OR, OP_LIT0 + 3, OP_XOR}, 7, true, 10},
	{"plus_uconst", {OP_LIT0 + 1, OP_PLUS_UCONST, 0x80, 1}, 4, true, 129},
	{"shl shr", {OP_LIT0 + 3, OP_LIT0 + 4, OP_SHL, OP_LIT0 + 1, OP_SHR}, 5, true, 24},
	{"shl by a word", {OP_LIT0 + 3, OP_CONSTU, 64, OP_SHL}, 4, true, 0},
	{"shra", {OP_CONSTS, 0x78, OP_LIT0 + 1, OP_SHRA}, 4, true, (uint64_t)-4},
	{"ge is signed", {OP_CONSTS, 0x7f, OP_LIT0, OP_GE}, 4, true, 0},
	{"lt", {OP_CONSTS, 0x7f, OP_LIT0, OP_LT}, 4, true, 1},
	{"bra, taken", {OP_LIT0 + 7, OP_LIT0 + 1, OP_BRA, 1, 0, OP_DROP, OP_NOP}, 7, true, 7},
	{"bra, not taken", {OP_LIT0 + 7, OP_LIT0 + 8, OP_LIT0, OP_BRA, 1, 0, OP_DROP}, 7, true, 7},
	{"skip to the end", {OP_LIT0 + 7, OP_SKIP, 1, 0, OP_DROP}, 5, true, 7},
	{"skip beyond", {OP_LIT0 + 7, OP_SKIP, 2, 0, OP_DROP}, 5, false, 0},
	{"skip before", {OP_LIT0 + 7, OP_SKIP, 0xfb, 0xff}, 4, false, 0},
	{"a loop without end", {OP_LIT0 + 7, OP_SKIP, 0xfd, 0xff}, 4, false, 0},
	{"a loop that fills the stack", {OP_LIT0 + 7, OP_SKIP, 0xfc, 0xff}, 4, false, 0},
	{"deref", {OP_LIT0 + 16, SEEP_OP_DEREF}, 2, true, 0x1716151413121110u},
	{"deref_size", {OP_LIT0 + 16, OP_DEREF_SIZE, 2}, 3, true, 0x1110},
	{"deref_size of three", {OP_LIT0 + 16, OP_DEREF_SIZE, 3}, 3, false, 0},
	{"deref of what can't be read", {OP_LIT0 + 30, SEEP_OP_DEREF}, 2, false, 0},
	{"nothing", {OP_NOP}, 1, false, 0},
	{"empty", {0}, 0, false, 0},
	{"underrun", {OP_LIT0, OP_PLUS}, 2, false, 0},
	{"cut", {OP_CONST1U + 6, 1, 2}, 3, false, 0},
	{"unknown", {0xe0}, 1, false, 0},
};

/* A byte at address n is n, up to 24. */
static bool read_counting(void *context, uintptr_t address, unsigned bytes, uintptr_t *value)
{
	(void)context;
	*value = 0;
	if (address + bytes > 24)
		return false;
	for (unsigned i = bytes; i-- > 0;)
		*value = *value << 8 | (address + i);
	return true;
}

static void each_operation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases_of_expression / sizeof cases_of_expression[0]; i++) {
		const struct case_of_expression *expression = &cases_of_expression[i];
		struct step step = {.before = {.known = 1u << 3}, .read = read_counting};
		struct seep_cfi_rule rule = {.kind = SEEP_CFI_VALUE_EXPRESSION,
			.expression_bytes = expression->bytes,
			.expression = expression->code};
		uintptr_t value = 0;
		bool good;

		step.before.value[3] = 0x303;
		good = evaluate(&step, &rule, false, &value);
		if (good != expression->good || (good && value != expression->value))
			fail_msg("%s: %d, %#lx", expression->name, good, value);
	}
}

static void expression_of_a_register_starts_with_the_cfa(void **state)
{
	static const uint8_t plus_one[] = {OP_LIT0 + 1, OP_PLUS};
	struct seep_cfi_rules rules = {.cfa = {.kind = SEEP_CFI_REGISTER, .value = 8},
		.cfa_register = RSP,
		.return_column = SEEP_CFI_RIP,
		.registers[SEEP_CFI_RIP] = {.kind = SEEP_CFI_OFFSET, .value = -8},
		.registers[RBP] = {.kind = SEEP_CFI_VALUE_EXPRESSION, .expression_bytes = 2, .expression = plus_one}};
	struct seep_cfi_registers registers = {.known = 1u << RSP};
	uintptr_t slot;

	(void)state;
	registers.value[RSP] = 8;
	assert_true(seep_cfi_step(&rules, &registers, &slot, read_counting, NULL));
	assert_int_equal(registers.value[RBP], 17);
	assert_int_equal(registers.value[RSP], 16);
	assert_int_equal(registers.value[SEEP_CFI_RIP], 0x0f0e0d0c0b0a0908u);
	assert_int_equal(slot, 8);
	assert_int_equal(registers.known, 1u << RBP | 1u << RSP | 1u << SEEP_CFI_RIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_encoding),
		cmocka_unit_test(no_augmentation_means_absolute_pointers),
		cmocka_unit_test(what_is_unknown_is_bad),
		cmocka_unit_test(cut_tables_are_not_read_beyond_their_end),
		cmocka_unit_test(damaged_tables_are_survived),
		cmocka_unit_test(each_instruction),
		cmocka_unit_test(remembers_only_so_deep),
		cmocka_unit_test(each_operation),
		cmocka_unit_test(expression_of_a_register_starts_with_the_cfa),
	};

	return cmocka_run_group_tests(tests, map_room, NULL);
}

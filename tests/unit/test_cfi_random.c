/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of unwind tables on programs at random, with libunwind as the judge: both step once, from the same registers and the
 * same stack, by the same bytes.
 */
#include "support_cfi.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <stdio.h>

#define STACK_WORDS 8192u
#define CODE_BYTES 0x400u

static uintptr_t stack[STACK_WORDS];
static const uint8_t *judged_header;

static struct {
	unw_addr_space_t (*create)(unw_accessors_t *, int);
	int (*init)(unw_cursor_t *, unw_addr_space_t, void *);
	int (*step)(unw_cursor_t *);
	int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
	int (*search)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int, void *);
	int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
	unw_addr_space_t space;
} judge;

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need, void *context)
{
	unw_dyn_info_t table = {
		.format = UNW_INFO_FORMAT_REMOTE_TABLE, .start_ip = code(), .end_ip = code() + CODE_BYTES};

	table.u.rti.segbase = (unw_word_t)judged_header;
	table.u.rti.table_data = (unw_word_t)judged_header + 12;
	table.u.rti.table_len = 2 * 8 / sizeof(unw_word_t);
	return judge.search(space, ip, &table, info, need, context);
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *context)
{
	(void)space;
	(void)info;
	(void)context;
}

static int no_dyn_info(unw_addr_space_t space, unw_word_t *list, void *context)
{
	(void)space;
	(void)list;
	(void)context;
	return -UNW_ENOINFO;
}

static bool read_memory(void *context, uintptr_t address, unsigned bytes, uintptr_t *value)
{
	bool on_stack = address - (uintptr_t)stack <= sizeof stack - bytes;

	(void)context;
	*value = 0;
	if (!on_stack && address - (uintptr_t)room > ROOM - bytes)
		return false;
	memcpy(value, (const void *)address, bytes);
	return true;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *context)
{
	uintptr_t word = 0;
	unsigned bytes = 8;

	(void)space;
	/* libunwind reads aligned words, also around the last bytes of the tables. */
	if (write)
		return -UNW_EINVAL;
	if (!read_memory(context, address, bytes, &word))
		return -UNW_EINVAL;
	*value = word;
	return 0;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write, void *context)
{
	const struct seep_cfi_registers *registers = context;

	(void)space;
	if (write || number < 0 || number >= SEEP_CFI_REGISTERS || !(registers->known >> number & 1))
		return -UNW_EBADREG;
	*value = registers->value[number];
	return 0;
}

static int access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write, void *context)
{
	(void)space;
	(void)number;
	(void)value;
	(void)write;
	(void)context;
	return -UNW_EBADREG;
}

static int get_proc_name(
	unw_addr_space_t space, unw_word_t ip, char *name, size_t bytes, unw_word_t *offset, void *context)
{
	(void)space;
	(void)ip;
	(void)name;
	(void)bytes;
	(void)offset;
	(void)context;
	return -UNW_ENOINFO;
}

static bool call_judge(void)
{
	static unw_accessors_t accessors = {.find_proc_info = find_proc_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = no_dyn_info,
		.access_mem = access_mem,
		.access_reg = access_reg,
		.access_fpreg = access_fpreg,
		.get_proc_name = get_proc_name};
	void *library = dlopen("libunwind-x86_64.so.8", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return false;
	*(void **)&judge.create = dlsym(library, "_Ux86_64_create_addr_space");
	*(void **)&judge.init = dlsym(library, "_Ux86_64_init_remote");
	*(void **)&judge.step = dlsym(library, "_Ux86_64_step");
	*(void **)&judge.get_reg = dlsym(library, "_Ux86_64_get_reg");
	*(void **)&judge.search = dlsym(library, "_Ux86_64_dwarf_search_unwind_table");
	*(void **)&judge.set_caching_policy = dlsym(library, "_Ux86_64_set_caching_policy");
	if (!judge.create || !judge.init || !judge.step || !judge.get_reg || !judge.search || !judge.set_caching_policy)
		return false;
	judge.space = judge.create(&accessors, 0);
	judge.set_caching_policy(judge.space, UNW_CACHE_NONE);
	return true;
}

/* The registers that code may count the CFA from, and that it saves. */
static const uint8_t usable[] = {3, 6, 12, 13, 14, 15};

static uint8_t any_usable(void)
{
	return usable[below(sizeof usable)];
}

static uintptr_t any_place(void)
{
	return (uintptr_t)&stack[STACK_WORDS / 4 + below(STACK_WORDS / 2)];
}

/* An expression without a branch: each operation finds its operands. Ends with one value. */
static void put_expression(struct writer *out, bool is_address)
{
	static const uint8_t unary[] = {OP_ABS, OP_NEG, OP_NOT, OP_NOP};
	static const uint8_t binary[] = {
		OP_AND, OP_MINUS, OP_MUL, OP_OR, OP_PLUS, OP_XOR, OP_EQ, OP_GE, OP_GT, OP_LE, OP_LT, OP_NE};
	static const uint8_t by_literal[] = {OP_SHL, OP_SHR, OP_SHRA};
	int depth = 0;

	for (uint64_t operations = 1 + below(12); operations > 0 || depth == 0; operations -= operations > 0)
		switch (below(depth < 2 ? 4 : depth > 8 ? 8 : 7) + (depth > 8 ? 4 : 0)) {
		case 0:
			put(out, OP_LIT0 + below(32), 1);
			depth++;
			break;
		case 1:
			put(out, OP_CONST1U + 7, 1);
			put(out, any(), 8);
			depth++;
			break;
		case 2:
			put(out, SEEP_OP_BREG0 + any_usable(), 1);
			put_sleb(out, (int64_t)below(512) * 8 - 2048);
			depth++;
			break;
		case 3:
			put(out, OP_CONSTU, 1);
			put_uleb(out, any_place());
			put(out, SEEP_OP_DEREF, 1);
			depth++;
			break;
		case 4:
			put(out, unary[below(sizeof unary)], 1);
			break;
		case 5:
			put(out, OP_LIT0 + below(32), 1);
			put(out, by_literal[below(sizeof by_literal)], 1);
			break;
		case 6:
			put(out, below(2) ? OP_SWAP : OP_OVER, 1);
			depth += out->bytes[out->used - 1] == OP_OVER;
			break;
		default:
			put(out, binary[below(sizeof binary)], 1);
			depth--;
		}
	while (depth-- > 1)
		put(out, binary[below(sizeof binary)], 1);
	if (is_address) { /* brought to where the stack is, as a whole word */
		put(out, OP_CONSTU, 1);
		put_uleb(out, (STACK_WORDS / 2 - 1) * 8);
		put(out, OP_AND, 1);
		put(out, OP_CONSTU, 1);
		put_uleb(out, (uintptr_t)&stack[STACK_WORDS / 4]);
		put(out, OP_PLUS, 1);
	}
}

static void put_sized_expression(struct writer *out, bool is_address)
{
	struct writer *expression = new_writer();

	put_expression(expression, is_address);
	put_uleb(out, expression->used);
	for (size_t i = 0; i < expression->used; i++)
		put(out, expression->bytes[i], 1);
	test_free(expression);
}

/* What the program has done so far, as far as it decides what may come. */
struct so_far {
	bool cfa_is_register[5];
	unsigned remembered;
};

static void put_instruction(struct writer *out, struct so_far *so_far)
{
	bool *cfa_is_register = &so_far->cfa_is_register[so_far->remembered];

	switch (below(18)) {
	case 0:
	case 1:
		put(out, CFA_ADVANCE | below(20), 1);
		break;
	case 2:
		put(out, CFA_ADVANCE1, 1);
		put(out, below(60), 1);
		break;
	case 3:
		put(out, below(2) ? CFA_ADVANCE2 : CFA_ADVANCE4, 1);
		put(out, below(60), out->bytes[out->used - 1] == CFA_ADVANCE2 ? 2 : 4);
		break;
	case 4:
		put(out, CFA_DEF_CFA, 1);
		put_uleb(out, below(3) ? any_usable() : SEEP_CFI_RSP);
		put_uleb(out, below(64) * 8);
		*cfa_is_register = true;
		break;
	case 5:
		put(out, CFA_DEF_CFA_SF, 1);
		put_uleb(out, any_usable());
		put_sleb(out, (int64_t)below(64) - 32);
		*cfa_is_register = true;
		break;
	case 6:
		if (!*cfa_is_register)
			break;
		put(out, below(2) ? CFA_DEF_CFA_OFFSET : CFA_DEF_CFA_OFFSET_SF, 1);
		if (out->bytes[out->used - 1] == CFA_DEF_CFA_OFFSET)
			put_uleb(out, below(256) * 8);
		else
			put_sleb(out, -(int64_t)below(64));
		break;
	case 7:
		if (!*cfa_is_register)
			break;
		put(out, CFA_DEF_CFA_REGISTER, 1);
		put_uleb(out, any_usable());
		break;
	case 8:
		put(out, CFA_DEF_CFA_EXPRESSION, 1);
		put_sized_expression(out, true);
		*cfa_is_register = false;
		break;
	case 9:
	case 10:
		put(out, CFA_OFFSET | any_usable(), 1);
		put_uleb(out, below(60));
		break;
	case 11:
		put(out, CFA_OFFSET_EXTENDED_SF, 1);
		put_uleb(out, below(4) ? any_usable() : SEEP_CFI_RIP);
		put_sleb(out, (int64_t)below(60) - 30);
		break;
	case 12:
		put(out, below(2) ? CFA_EXPRESSION : CFA_VAL_EXPRESSION, 1);
		{
			bool is_address = out->bytes[out->used - 1] == CFA_EXPRESSION;

			put_uleb(out, any_usable());
			put_sized_expression(out, is_address);
		}
		break;
	case 13: {
		/* libunwind applies rules in the order of registers, so that one can get to see what it has just changed. */
		unsigned from = (unsigned)(1 + below(sizeof usable - 1));

		put(out, CFA_REGISTER, 1);
		put_uleb(out, usable[below(from)]);
		put_uleb(out, usable[from]);
		break;
	}
	case 14:
		put(out, below(2) ? CFA_SAME_VALUE : CFA_RESTORE_EXTENDED, 1);
		put_uleb(out, any_usable());
		break;
	case 15:
		put(out, CFA_RESTORE | any_usable(), 1);
		break;
	case 16:
		if (so_far->remembered == 4)
			break;
		put(out, CFA_REMEMBER_STATE, 1);
		so_far->remembered++;
		so_far->cfa_is_register[so_far->remembered] = *cfa_is_register;
		break;
	default:
		if (so_far->remembered == 0 || below(2)) {
			put(out, CFA_ARGS_SIZE, 1);
			put_uleb(out, below(1000));
			break;
		}
		put(out, CFA_RESTORE_STATE, 1);
		so_far->remembered--;
	}
}

static void dump(const struct writer *program)
{
	for (size_t i = 0; i < program->used; i++)
		fprintf(stderr, "%02x ", program->bytes[i]);
	fprintf(stderr, "\n");
}

/* Both step once from pc, with the same registers and the same stack. Returns whether there was something to compare. */
static bool agree(const uint8_t *header, uintptr_t pc, const struct writer *program)
{
	struct seep_cfi_registers registers = {.known = 0x1ffff};
	struct seep_cfi_registers before;
	struct seep_cfi_workspace workspace;
	struct seep_cfi_entry entry;
	unw_cursor_t cursor;
	uintptr_t slot;
	int stepped;

	for (unsigned i = 0; i < SEEP_CFI_RIP; i++)
		registers.value[i] = any_place();
	registers.value[SEEP_CFI_RIP] = pc;
	before = registers;
	judged_header = header;

	assert_int_equal(seep_cfi_search(header, room, room + ROOM, pc, &entry), SEEP_CFI_OK);
	assert_int_equal(seep_cfi_run(&entry, pc, &workspace), SEEP_CFI_OK);
	if (!seep_cfi_step(&workspace.rules, &registers, &slot, read_memory, NULL))
		return false;
	assert_int_equal(judge.init(&cursor, judge.space, &before), 0);
	stepped = judge.step(&cursor);
	if (stepped <= 0) {
		dump(program);
		fail_msg("at +%lu libunwind finds no caller: %d", pc - code(), stepped);
	}
	for (unsigned i = 0; i < SEEP_CFI_REGISTERS; i++) {
		unw_word_t value;

		if (!(registers.known >> i & 1) || (i != 3 && i != 6 && i != 7 && i < 12))
			continue;
		if (judge.get_reg(&cursor, (int)i, &value) == 0 && value == registers.value[i])
			continue;
		dump(program);
		fail_msg("at +%lu register %u: %#lx, libunwind %#lx", pc - code(), i, registers.value[i],
			(unsigned long)value);
	}
	return true;
}

static void random_programs_are_run_as_libunwind_does(void **state)
{
	struct writer *program = new_writer();
	struct writer *tables = new_writer();
	unsigned compared = 0;

	(void)state;
	if (!call_judge())
		fail_msg("libunwind-x86_64.so.8 is not there: apt-get install libunwind8");
	for (unsigned i = 0; i < STACK_WORDS; i++)
		stack[i] = any_place();
	for (int round = 0; round < 20000; round++) {
		struct form form = USUAL;
		struct so_far so_far = {.cfa_is_register = {true}};
		size_t fdes[2];
		size_t cie;
		size_t at;

		program->used = 0;
		for (uint64_t left = below(40); left > 0; left--)
			put_instruction(program, &so_far);
		tables->used = 0;
		tables->address = (uintptr_t)room;
		cie = put_cie(tables, &form);
		fdes[0] = put_fde(tables, &form, cie, code(), CODE_BYTES / 2, program->bytes, program->used);
		fdes[1] = put_fde(tables, &form, cie, code() + CODE_BYTES / 2, CODE_BYTES / 2, NULL, 0);
		put(tables, 0, 4);
		at = put_header(tables, &form, fdes);
		memcpy(room, tables->bytes, tables->used);
		for (int i = 0; i < 6; i++)
			compared += agree(room + at, code() + below(CODE_BYTES / 2), program);
	}
	assert_true(compared > 50000);
	test_free(program);
	test_free(tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_are_run_as_libunwind_does),
	};

	return cmocka_run_group_tests(tests, map_room, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * cfi_step.c: see cfi.h. Applies rules to registers, and evaluates DWARF expressions (DWARF 5, section 2.5). All that CFI can
 * say is done here: the frames that unwind_x86_64.c can't put into a compact row come by.
 */
#include "cfi.h"

#include <string.h>

#define EXPRESSION_STACK 32
#define EXPRESSION_OPERATIONS 1000 /* branches can go back: an end to loops */

enum {
	OP_ADDR = 0x03,
	OP_CONST1U = 0x08, /* then 1s, 2u, 2s, 4u, 4s, 8u, 8s */
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_DUP = 0x12,
	OP_DROP = 0x13,
	OP_OVER = 0x14,
	OP_PICK = 0x15,
	OP_SWAP = 0x16,
	OP_ROT = 0x17,
	OP_ABS = 0x19,
	OP_AND = 0x1a,
	OP_DIV = 0x1b,
	OP_MINUS = 0x1c,
	OP_MOD = 0x1d,
	OP_MUL = 0x1e,
	OP_NEG = 0x1f,
	OP_NOT = 0x20,
	OP_OR = 0x21,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_SHL = 0x24,
	OP_SHR = 0x25,
	OP_SHRA = 0x26,
	OP_XOR = 0x27,
	OP_BRA = 0x28,
	OP_EQ = 0x29,
	OP_GE = 0x2a,
	OP_GT = 0x2b,
	OP_LE = 0x2c,
	OP_LT = 0x2d,
	OP_NE = 0x2e,
	OP_SKIP = 0x2f,
	OP_LIT0 = 0x30,
	OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94,
	OP_NOP = 0x96,
};

/* One evaluation. Any mistake in the expression sets code.bad; the values are then of no use, but still within the stack. */
struct machine {
	struct seep_cfi_bytes code;
	const uint8_t *first; /* branches stay within first .. code.end */
	const struct seep_cfi_registers *registers;
	seep_cfi_read *read;
	void *context;
	unsigned depth;
	uint64_t stack[EXPRESSION_STACK];
};

static void push(struct machine *machine, uint64_t value)
{
	if (machine->depth == EXPRESSION_STACK)
		machine->code.bad = true;
	else
		machine->stack[machine->depth++] = value;
}

static uint64_t pop(struct machine *machine)
{
	if (machine->depth == 0) {
		machine->code.bad = true;
		return 0;
	}
	return machine->stack[--machine->depth];
}

static uint64_t pick(struct machine *machine, unsigned below)
{
	if (below >= machine->depth) {
		machine->code.bad = true;
		return 0;
	}
	return machine->stack[machine->depth - 1 - below];
}

static void push_constant(struct machine *machine, uint8_t operation)
{
	unsigned size = 1u << (operation - OP_CONST1U) / 2;
	unsigned unused = 64 - 8 * size;
	uint64_t value = seep_cfi_fixed(&machine->code, size) << unused;

	push(machine, operation & 1 ? (uint64_t)((int64_t)value >> unused) : value >> unused);
}

static void push_register(struct machine *machine, uint64_t number, int64_t offset)
{
	if (number >= SEEP_CFI_REGISTERS || !(machine->registers->known >> number & 1)) {
		machine->code.bad = true;
		return;
	}
	push(machine, machine->registers->value[number] + (uint64_t)offset);
}

static void dereference(struct machine *machine, unsigned size)
{
	uintptr_t value = 0;
	uintptr_t address = pop(machine);

	if ((size != 1 && size != 2 && size != 4 && size != 8) || machine->code.bad ||
		!machine->read(machine->context, address, size, &value))
		machine->code.bad = true;
	push(machine, value);
}

static void jump(struct machine *machine, bool taken)
{
	int16_t distance = (int16_t)seep_cfi_fixed(&machine->code, 2);

	if (!taken || machine->code.bad)
		return;
	if (distance < machine->first - machine->code.at || distance > machine->code.end - machine->code.at)
		machine->code.bad = true;
	else
		machine->code.at += distance;
}

static uint64_t combined(struct machine *machine, uint8_t operation, uint64_t left, uint64_t right)
{
	switch (operation) {
	case OP_AND:
		return left & right;
	case OP_OR:
		return left | right;
	case OP_XOR:
		return left ^ right;
	case OP_PLUS:
		return left + right;
	case OP_MINUS:
		return left - right;
	case OP_MUL:
		return left * right;
	case OP_DIV:
		if (right + 1 <= 1) /* 0, and -1, whose quotient can overflow */
			return right ? -left : (machine->code.bad = true, 0);
		return (uint64_t)((int64_t)left / (int64_t)right);
	case OP_MOD:
		return right ? left % right : (machine->code.bad = true, 0);
	case OP_SHL:
		return right < 64 ? left << right : 0;
	case OP_SHR:
		return right < 64 ? left >> right : 0;
	case OP_SHRA:
		return (uint64_t)((int64_t)left >> (right < 64 ? right : 63));
	case OP_EQ:
		return left == right;
	case OP_NE:
		return left != right;
	case OP_GE:
		return (int64_t)left >= (int64_t)right;
	case OP_GT:
		return (int64_t)left > (int64_t)right;
	case OP_LE:
		return (int64_t)left <= (int64_t)right;
	case OP_LT:
		return (int64_t)left < (int64_t)right;
	}
	machine->code.bad = true;
	return 0;
}

/* Operations that only move the stack's values or take one. False: it is none of those. */
static bool rearrange(struct machine *machine, uint8_t operation)
{
	uint64_t first;
	uint64_t second;
	uint64_t third;

	switch (operation) {
	case OP_DUP:
		push(machine, pick(machine, 0));
		return true;
	case OP_DROP:
		pop(machine);
		return true;
	case OP_OVER:
		push(machine, pick(machine, 1));
		return true;
	case OP_PICK:
		push(machine, pick(machine, (unsigned)seep_cfi_fixed(&machine->code, 1)));
		return true;
	case OP_SWAP:
		first = pop(machine);
		second = pop(machine);
		push(machine, first);
		push(machine, second);
		return true;
	case OP_ROT:
		first = pop(machine);
		second = pop(machine);
		third = pop(machine);
		push(machine, first);
		push(machine, third);
		push(machine, second);
		return true;
	case OP_ABS:
		first = pop(machine);
		push(machine, (int64_t)first < 0 ? -first : first);
		return true;
	case OP_NEG:
		push(machine, -pop(machine));
		return true;
	case OP_NOT:
		push(machine, ~pop(machine));
		return true;
	case OP_PLUS_UCONST:
		first = pop(machine);
		push(machine, first + seep_cfi_uleb(&machine->code));
		return true;
	case OP_NOP:
		return true;
	}
	return false;
}

static void operate(struct machine *machine, uint8_t operation)
{
	uint64_t number;

	if (operation >= OP_LIT0 && operation < OP_LIT0 + 32) {
		push(machine, operation - OP_LIT0);
	} else if (operation >= SEEP_OP_BREG0 && operation < SEEP_OP_BREG0 + 32) {
		push_register(machine, operation - SEEP_OP_BREG0, seep_cfi_sleb(&machine->code));
	} else if (operation >= OP_CONST1U && operation <= OP_CONST8S) {
		push_constant(machine, operation);
	} else if (!rearrange(machine, operation)) {
		switch (operation) {
		case OP_ADDR:
			push(machine, seep_cfi_fixed(&machine->code, 8));
			break;
		case OP_CONSTU:
			push(machine, seep_cfi_uleb(&machine->code));
			break;
		case OP_CONSTS:
			push(machine, (uint64_t)seep_cfi_sleb(&machine->code));
			break;
		case OP_BREGX:
			number = seep_cfi_uleb(&machine->code);
			push_register(machine, number, seep_cfi_sleb(&machine->code));
			break;
		case SEEP_OP_DEREF:
			dereference(machine, 8);
			break;
		case OP_DEREF_SIZE:
			dereference(machine, (unsigned)seep_cfi_fixed(&machine->code, 1));
			break;
		case OP_BRA:
			jump(machine, pop(machine) != 0);
			break;
		case OP_SKIP:
			jump(machine, true);
			break;
		default:
			number = pop(machine);
			push(machine, combined(machine, operation, pop(machine), number));
		}
	}
}

/* What one step works with: `before` is what the rules speak of. */
struct step {
	struct seep_cfi_registers before;
	uintptr_t cfa;
	seep_cfi_read *read;
	void *context;
};

static bool evaluate(const struct step *step, const struct seep_cfi_rule *rule, bool with_cfa, uintptr_t *value)
{
	struct machine machine = {
		.code = {.at = rule->expression, .end = rule->expression + rule->expression_bytes},
		.first = rule->expression,
		.registers = &step->before,
		.read = step->read,
		.context = step->context,
	};

	if (with_cfa)
		push(&machine, step->cfa);
	for (int i = 0; machine.code.at < machine.code.end && !machine.code.bad; i++) {
		if (i == EXPRESSION_OPERATIONS)
			return false;
		operate(&machine, (uint8_t)seep_cfi_fixed(&machine.code, 1));
	}
	*value = pop(&machine);
	return !machine.code.bad;
}

static bool find_cfa(struct step *step, const struct seep_cfi_rules *rules)
{
	if (rules->cfa.kind == SEEP_CFI_VALUE_EXPRESSION)
		return evaluate(step, &rules->cfa, false, &step->cfa);
	if (rules->cfa.kind != SEEP_CFI_REGISTER || rules->cfa_register >= SEEP_CFI_REGISTERS ||
		!(step->before.known >> rules->cfa_register & 1))
		return false;
	step->cfa = step->before.value[rules->cfa_register] + (uintptr_t)rules->cfa.value;
	return true;
}

/* The caller's value of one register. *slot: where it was read. */
static bool recover(
	const struct step *step, const struct seep_cfi_rule *rule, unsigned number, uintptr_t *value, uintptr_t *slot)
{
	*slot = 0;
	switch (rule->kind) {
	case SEEP_CFI_SAME:
		*value = step->before.value[number];
		return step->before.known >> number & 1;
	case SEEP_CFI_OFFSET:
		*slot = step->cfa + (uintptr_t)rule->value;
		return step->read(step->context, *slot, sizeof *value, value);
	case SEEP_CFI_VALUE_OFFSET:
		*value = step->cfa + (uintptr_t)rule->value;
		return true;
	case SEEP_CFI_REGISTER:
		if ((uint64_t)rule->value >= SEEP_CFI_REGISTERS)
			return false;
		*value = step->before.value[rule->value];
		return step->before.known >> rule->value & 1;
	case SEEP_CFI_EXPRESSION:
		return evaluate(step, rule, true, slot) && step->read(step->context, *slot, sizeof *value, value);
	case SEEP_CFI_VALUE_EXPRESSION:
		return evaluate(step, rule, true, value);
	}
	return false; /* SEEP_CFI_UNDEFINED */
}

bool seep_cfi_step(const struct seep_cfi_rules *rules, struct seep_cfi_registers *registers, uintptr_t *slot,
	seep_cfi_read *read, void *context)
{
	struct step step = {.before = *registers, .read = read, .context = context};
	const struct seep_cfi_rule *return_rule = &rules->registers[rules->return_column];
	uintptr_t unused;

	if (return_rule->kind == SEEP_CFI_SAME || !find_cfa(&step, rules) ||
		!recover(&step, return_rule, rules->return_column, &registers->value[SEEP_CFI_RIP], slot))
		return false;
	registers->known = 1u << SEEP_CFI_RIP;
	for (unsigned i = 0; i < SEEP_CFI_RIP; i++)
		if (recover(&step, &rules->registers[i], i, &registers->value[i], &unused))
			registers->known |= 1u << i;
	if (rules->registers[SEEP_CFI_RSP].kind == SEEP_CFI_SAME) {
		registers->value[SEEP_CFI_RSP] = step.cfa; /* by definition */
		registers->known |= 1u << SEEP_CFI_RSP;
	}
	return true;
}

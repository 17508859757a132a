/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk and the reuse of the last stack, on stacks that are made here word by word: of frames of every kind a row can
 * say, at random, so that the truth is known. Between two captures the stack changes as a program changes it, and in ways
 * that are meant to deceive: the same slots with other addresses in them, other saved registers, another past.
 */
#include "support_unwinder.h"

#include <string.h>

#define WORDS 65536u
#define FUNCTIONS 96u
#define DEPTH 70u
#define FIRST_PC 0x10000000u /* where no module is: the rows are put into the cache by hand */

enum kind { BY_RSP, BY_RSP_SAVES, BY_RBP, BY_REALIGNED };

struct function {
	enum kind kind;
	int64_t offset; /* of the CFA */
	int64_t saved; /* of the saved rbp, from the CFA */
};

/* One frame as a program would make it: what it calls from, and how much it took of the stack at run time. */
struct recipe {
	uint8_t function;
	uint8_t extra; /* words */
	uintptr_t
		rbp; /* what the function leaves in rbp, where it does not use it as a frame pointer; after saving it */
};

struct truth {
	uintptr_t pc;
	uintptr_t slot;
};

static uintptr_t *stack;
static struct function functions[FUNCTIONS];
static struct recipe recipes[DEPTH]; /* outermost first */
static struct truth truths[DEPTH + 1]; /* outermost first; the outermost of all is the one that has no caller */
static struct seep_unwind_start start;
static uint64_t random_state = 0x2545f4914f6cdd1du;

static uint64_t any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t below(uint64_t bound)
{
	return any() % bound;
}

static uintptr_t pc_of(unsigned function)
{
	return FIRST_PC + function * 40;
}

static void remember_row(uintptr_t pc, seep_row row)
{
	store(pc, pc ^ seep_rows_salt(atomic_load(&seep_rows_generation)), row);
}

static void make_functions(void)
{
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		struct function *function = &functions[i];
		struct seep_cfi_rules rules = {.return_column = SEEP_CFI_RIP,
			.registers[SEEP_CFI_RIP] = {.kind = SEEP_CFI_OFFSET, .value = -8}};
		static const uint8_t cfa_word[] = {SEEP_OP_BREG0 + SEEP_CFI_RBP, 0x78, SEEP_OP_DEREF};
		static const uint8_t saved_word[] = {SEEP_OP_BREG0 + SEEP_CFI_RBP, 0};

		function->kind = (enum kind)(i % 4);
		/* Few sizes, so that different functions make frames of the same size at the same place. */
		function->offset = function->kind == BY_RBP ? 16 + 8 * (int64_t)below(2) : 8 * (int64_t)(3 + below(3));
		function->saved = function->kind == BY_RBP ? -function->offset : below(2) ? -16 : -function->offset;
		rules.cfa = (struct seep_cfi_rule){.kind = SEEP_CFI_REGISTER, .value = function->offset};
		rules.cfa_register = function->kind == BY_RBP ? SEEP_CFI_RBP : SEEP_CFI_RSP;
		if (function->kind != BY_RSP)
			rules.registers[SEEP_CFI_RBP] =
				(struct seep_cfi_rule){.kind = SEEP_CFI_OFFSET, .value = function->saved};
		if (function->kind == BY_REALIGNED) {
			rules.cfa = (struct seep_cfi_rule){.kind = SEEP_CFI_VALUE_EXPRESSION,
				.expression_bytes = sizeof cfa_word,
				.expression = cfa_word};
			rules.registers[SEEP_CFI_RBP] = (struct seep_cfi_rule){.kind = SEEP_CFI_EXPRESSION,
				.expression_bytes = sizeof saved_word,
				.expression = saved_word};
		}
		remember_row(pc_of(i), seep_row_from(&rules));
	}
	remember_row(pc_of(FUNCTIONS), SEEP_ROW_END);
}

static void write_word(uintptr_t address, uintptr_t value)
{
	*(uintptr_t *)address = value;
}

/* Lays out the frames of the recipes, from the outermost inwards: each so that a step from it leads to the one before. */
static void make_stack(unsigned depth, uintptr_t top, uintptr_t outermost_rbp)
{
	uintptr_t slot = top;
	uintptr_t rbp = outermost_rbp;

	truths[0] = (struct truth){pc_of(FUNCTIONS), slot};
	for (unsigned i = 0; i < depth; i++) {
		const struct recipe *recipe = &recipes[i];
		const struct function *function = &functions[recipe->function];
		uintptr_t cfa = slot + 8;
		uintptr_t frame;

		switch (function->kind) {
		case BY_RSP:
			slot = cfa - (uintptr_t)function->offset - 8;
			break;
		case BY_RSP_SAVES:
			write_word(cfa + (uintptr_t)function->saved, rbp);
			slot = cfa - (uintptr_t)function->offset - 8;
			rbp = recipe->rbp;
			break;
		case BY_RBP:
			write_word(cfa + (uintptr_t)function->saved, rbp);
			rbp = cfa - (uintptr_t)function->offset;
			slot = rbp - 8 - 8u * recipe->extra;
			break;
		case BY_REALIGNED:
			frame = (cfa - 16 - 8u * (recipe->extra % 4)) & -(uintptr_t)32;
			write_word(frame, rbp);
			write_word(frame - 8, cfa);
			rbp = frame;
			slot = frame - 16 - 8u * recipe->extra;
			break;
		}
		truths[i + 1] = (struct truth){pc_of(recipe->function), slot};
	}
	for (unsigned i = 0; i <= depth; i++)
		write_word(truths[i].slot, truths[i].pc);
	start = (struct seep_unwind_start){.return_address = truths[depth].pc, .cfa = slot + 8, .frame_pointer = rbp};
}

static struct recipe any_recipe(void)
{
	return (struct recipe){.function = (uint8_t)below(FUNCTIONS),
		.extra = (uint8_t)below(3),
		/* Often something that could be taken for a frame pointer. */
		.rbp = below(3) ? (uintptr_t)&stack[WORDS - below(600)] : any()};
}

/* Stacks that come again and again, as those of a server's requests do. */
static struct {
	struct recipe recipes[DEPTH];
	unsigned depth;
} favourites[6];

static unsigned change_recipes(unsigned depth)
{
	unsigned last = depth ? depth - 1 : 0;
	unsigned favourite = (unsigned)below(sizeof favourites / sizeof favourites[0]);

	switch (below(14)) {
	case 0: /* another function of the same frame size, somewhere */
		if (depth) {
			struct recipe *recipe = &recipes[below(depth)];

			recipe->function = (uint8_t)((recipe->function + 4 * below(FUNCTIONS / 4)) % FUNCTIONS);
		}
		break;
	case 1: /* another value in rbp, somewhere */
		if (depth)
			recipes[below(depth)].rbp = any_recipe().rbp;
		break;
	case 2: /* another amount of stack, somewhere */
		if (depth)
			recipes[below(depth)].extra ^= 1;
		break;
	case 3: /* a little more there, a little less here: only the frames in between move */
		if (depth > 1) {
			struct recipe *outer = &recipes[below(depth)];
			struct recipe *inner = &recipes[below(depth)];

			if (outer < inner && functions[outer->function].kind == BY_RBP &&
				functions[inner->function].kind == BY_RBP && inner->extra) {
				outer->extra++;
				inner->extra--;
			}
		}
		break;
	case 4: /* everything is new */
		depth = (unsigned)below(DEPTH);
		for (unsigned i = 0; i < depth; i++)
			recipes[i] = any_recipe();
		break;
	case 5: /* nothing happened */
		break;
	case 6: /* this one will come again */
		if (below(20) == 0) {
			memcpy(favourites[favourite].recipes, recipes, sizeof recipes);
			favourites[favourite].depth = depth;
		}
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		memcpy(recipes, favourites[favourite].recipes, sizeof recipes);
		depth = favourites[favourite].depth;
		break;
	default: /* some returned, some were called */
		depth -= (unsigned)below(last < 6 ? last + 1 : 6);
		for (uint64_t more = below(6); more > 0 && depth < DEPTH; more--)
			recipes[depth++] = any_recipe();
	}
	return depth;
}

static void check_against_truth(
	const struct seep_unwinder *unwinder, unsigned count, enum seep_unwind_end end, unsigned depth, unsigned limit)
{
	unsigned whole = depth + 1;

	assert_int_equal(count, whole < limit ? whole : limit);
	assert_int_equal(end, whole <= limit ? SEEP_UNWIND_COMPLETE : SEEP_UNWIND_TRUNCATED);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(unwinder->frames[i].return_address, truths[depth - i].pc);
		assert_int_equal(unwinder->frames[i].slot, truths[depth - i].slot);
	}
}

/* The node that give_nodes gives the true stack. */
static uint32_t true_node(unsigned depth, unsigned limit)
{
	unsigned whole = depth + 1;
	uint32_t node = whole <= limit ? SEEP_UNWIND_COMPLETE + 1 : SEEP_UNWIND_TRUNCATED + 1;

	for (unsigned i = whole <= limit ? 0 : whole - limit; i <= depth; i++)
		node = child_of(node, truths[i].pc);
	return node;
}

static void remembered_stacks_are_what_is_there(void **state)
{
	static const unsigned limits[] = {1, 2, 5, 20, DEPTH, DEPTH + 1, SEEP_WIRE_DEPTH_MAX};
	struct seep_unwinder *unwinder = test_calloc(1, sizeof *unwinder);
	uint64_t reused = 0;
	uint64_t recalled = 0;
	uint64_t frames = 0;
	unsigned depth = 0;

	(void)state;
	stack = test_calloc(WORDS, sizeof *stack);
	make_functions();
	for (unsigned i = 0; i < WORDS; i++)
		stack[i] = any();
	for (unsigned round = 0; round < 600000; round++) {
		/* The limit is constant in a process; here it holds for a while. */
		unsigned limit = limits[round / 2000 % (sizeof limits / sizeof limits[0])];
		enum seep_unwind_end end;
		unsigned unchanged;
		unsigned count;
		uint32_t node;

		depth = change_recipes(depth);
		make_stack(depth, (uintptr_t)&stack[WORDS - 100 - (below(50) ? 0 : below(8))],
			below(10) ? 0 : (uintptr_t)&stack[WORDS - 50]);
		node = seep_unwind_recall(unwinder, &start, limit, &end);
		if (node) {
			recalled++;
			assert_int_equal(node, true_node(depth, limit));
			assert_int_equal(end, depth < limit ? SEEP_UNWIND_COMPLETE : SEEP_UNWIND_TRUNCATED);
		}
		count = seep_unwind_capture(unwinder, &start, limit, &unchanged, &end);
		check_against_truth(unwinder, count, end, depth, limit);
		give_nodes(unwinder, count, unchanged, end);
		reused += unchanged;
		frames += count;
		if (below(1000) ==
			0) /* the owner was interrupted before it came to write the nodes of the inner frames */
			for (unsigned i = 0; i < unwinder->count / 2; i++)
				unwinder->frames[i].node = 0;
	}
	/* A test of reuse has to see some. */
	assert_true(reused * 3 > frames);
	assert_true(recalled > 100000);
	test_free(unwinder);
	test_free(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembered_stacks_are_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

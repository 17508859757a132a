/* SPDX-License-Identifier: Apache-2.0
 *
 * What preload/filters.c makes of seccomp filters: against a machine that runs them, for any program, and for those that people write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

#include "../../preload/filters.c"
#include "../../preload/kernel.c"

#define BIT SEEP_KERNEL_BIT
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define LENGTH_MAX 24u

static const uint32_t all = (UINT32_C(1) << SEEP_KERNEL_CALLS) - 1;

static uint32_t forbidden_by(struct sock_filter *filter, size_t length)
{
	const struct sock_fprog program = {(unsigned short)length, filter};

	return seep_filters_forbid(&program);
}

/* ---- A machine ---- */

static uint32_t arithmetic(uint16_t code, uint32_t a, uint32_t by)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return a + by;
	case BPF_SUB:
		return a - by;
	case BPF_MUL:
		return a * by;
	case BPF_AND:
		return a & by;
	case BPF_OR:
		return a | by;
	case BPF_XOR:
		return a ^ by;
	case BPF_LSH:
		return a << by % 32;
	case BPF_RSH:
		return a >> by % 32;
	default:
		return -a;
	}
}

static bool jumps(uint16_t code, uint32_t a, uint32_t with)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == with;
	case BPF_JGT:
		return a > with;
	case BPF_JGE:
		return a >= with;
	default:
		return (a & with) != 0;
	}
}

/* What the kernel would answer. */
static uint32_t answer(const struct sock_filter *filter, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0}, operand;

	for (const struct sock_filter *i = filter;; i++) {
		operand = BPF_SRC(i->code) == BPF_X ? x : i->k;
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_ABS)
				memcpy(&a, (const char *)data + i->k, sizeof(a));
			else
				a = BPF_MODE(i->code) == BPF_IMM   ? i->k
				    : BPF_MODE(i->code) == BPF_MEM ? memory[i->k]
								   : (uint32_t)sizeof(*data);
			break;
		case BPF_LDX:
			x = BPF_MODE(i->code) == BPF_IMM   ? i->k
			    : BPF_MODE(i->code) == BPF_MEM ? memory[i->k]
							   : (uint32_t)sizeof(*data);
			break;
		case BPF_ST:
			memory[i->k] = a;
			break;
		case BPF_STX:
			memory[i->k] = x;
			break;
		case BPF_ALU:
			a = arithmetic(i->code, a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += i->k;
			else
				i += jumps(i->code, a, operand) ? i->jt : i->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		default:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		}
	}
}

static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Numbers that matter, more often than others. */
static uint32_t any_number(void)
{
	switch (any(4)) {
	case 0:
		return numbers[any(COUNT_OF(numbers))];
	case 1:
		return ARCHITECTURE;
	case 2:
		return any(1 << 24) << any(8);
	default: /* few, so that they meet again */
		return any(3);
	}
}

static struct sock_filter any_instruction(uint32_t left)
{
	static const uint16_t operations[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG};
	static const uint16_t jumps[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	static const uint16_t modes[] = {BPF_IMM, BPF_MEM, BPF_LEN};
	uint16_t mode = modes[any(3)], source = any(3) ? BPF_K : BPF_X, operation;

	switch (any(14)) {
	case 0:
	case 1:
	case 2:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4 * any(any(2) ? 2 : 16));
	case 3:
		return (struct sock_filter)BPF_STMT(BPF_LD | mode, mode == BPF_MEM ? any(BPF_MEMWORDS) : any_number());
	case 4:
		return (struct sock_filter)BPF_STMT(BPF_LDX | mode, mode == BPF_MEM ? any(BPF_MEMWORDS) : any_number());
	case 5:
		return (struct sock_filter)BPF_STMT(any(2) ? BPF_ST : BPF_STX, any(BPF_MEMWORDS));
	case 6:
		operation = operations[any(COUNT_OF(operations))];
		return (struct sock_filter)BPF_STMT(BPF_ALU | operation | source,
			operation == BPF_LSH || operation == BPF_RSH ? any(32) : any_number());
	case 7:
		return (struct sock_filter)BPF_STMT(BPF_MISC | (any(2) ? BPF_TAX : BPF_TXA), 0);
	case 8:
		return (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, any(2) ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | any(9));
	case 9:
		return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, any(left));
	default:
		return (struct sock_filter)BPF_JUMP(BPF_JMP | jumps[any(4)] | source, any_number(),
			(uint8_t)any(left < 4 ? left : 4), (uint8_t)any(left < 4 ? left : 4));
	}
}

/* Whatever is said to pass does, with any arguments. */
static void what_passes_always_passes(void **state)
{
	unsigned passed = 0;

	(void)state;
	for (seed = 1; seed < 100000; seed += 5) {
		struct sock_filter filter[LENGTH_MAX];
		uint32_t before = seed, length = 2 + any(LENGTH_MAX - 2), forbidden;

		for (uint32_t at = 0; at + 1 < length; at++)
			filter[at] = any_instruction(length - at - 1);
		filter[length - 1] =
			(struct sock_filter)BPF_STMT(BPF_RET | (any(4) ? BPF_K : BPF_A), SECCOMP_RET_ALLOW);
		forbidden = forbidden_by(filter, length);
		for (unsigned call = 0; call < SEEP_KERNEL_CALLS; call++) {
			if (forbidden & UINT32_C(1) << call)
				continue;
			passed++;
			for (unsigned i = 0; i < 4; i++) {
				struct seccomp_data data = {.nr = (int)numbers[call], .arch = ARCHITECTURE};

				data.instruction_pointer = any_number();
				for (unsigned k = 0; k < COUNT_OF(data.args); k++)
					data.args[k] = (uint64_t)any_number() << (any(2) ? 32 : 0) | any_number();
				if ((answer(filter, &data) & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ALLOW)
					fail_msg("program %u: call %u does not pass", before, call);
			}
		}
		seed = before;
	}
	assert_in_range(passed, 10000, 20000 * SEEP_KERNEL_CALLS);
}

/* ---- Those that people write ---- */

#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define IF_NOT(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)

static void lists(void **state)
{
	struct sock_filter allowed[] = {LOAD(arch), IF_NOT(ARCHITECTURE, 5), LOAD(nr), IF_NOT(SYS_futex, 1),
		RETURN(SECCOMP_RET_ALLOW), IF_NOT(SYS_mmap, 1), RETURN(SECCOMP_RET_LOG),
		RETURN(SECCOMP_RET_KILL_PROCESS)};
	struct sock_filter denied[] = {LOAD(nr), IF_NOT(SYS_socket, 1), RETURN(SECCOMP_RET_ERRNO | 1),
		IF_NOT(SYS_ppoll, 1), RETURN(SECCOMP_RET_TRAP), IF_NOT(SYS_tgkill, 1), RETURN(SECCOMP_RET_TRACE),
		RETURN(SECCOMP_RET_ALLOW)};
	struct sock_filter foreign[] = {
		LOAD(arch), IF_NOT(ARCHITECTURE ^ 1, 1), RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_KILL_THREAD)};

	(void)state;
	assert_int_equal(forbidden_by(allowed, COUNT_OF(allowed)) & all, all & ~(BIT(futex) | BIT(mmap)));
	assert_int_equal(forbidden_by(denied, COUNT_OF(denied)) & all, BIT(socket) | BIT(ppoll) | BIT(tgkill));
	assert_int_equal(forbidden_by(foreign, COUNT_OF(foreign)) & all, all);
}

/* Whether it passes is a matter of its arguments: it does not count as one that does. */
static void arguments(void **state)
{
	struct sock_filter filter[] = {LOAD(nr), IF_NOT(SYS_mmap, 3), LOAD(args[2]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1), RETURN(SECCOMP_RET_KILL_PROCESS),
		RETURN(SECCOMP_RET_ALLOW)};

	(void)state;
	assert_int_equal(forbidden_by(filter, COUNT_OF(filter)) & all, BIT(mmap));
}

/* The accumulator, or the index, is 1 by one way and 2 by the other; both then go on together. */
static void ways(void **state)
{
	struct sock_filter by_a[] = {LOAD(args[0]), IF_NOT(0, 2), BPF_STMT(BPF_LD | BPF_IMM, 2),
		BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_IMM, 1), IF_NOT(1, 1),
		RETURN(SECCOMP_RET_KILL_PROCESS), RETURN(SECCOMP_RET_ALLOW)};
	struct sock_filter by_x[] = {LOAD(args[0]), IF_NOT(0, 2), BPF_STMT(BPF_LDX | BPF_IMM, 2),
		BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LDX | BPF_IMM, 1), BPF_STMT(BPF_LD | BPF_IMM, 1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), RETURN(SECCOMP_RET_KILL_PROCESS),
		RETURN(SECCOMP_RET_ALLOW)};

	(void)state;
	assert_int_equal(forbidden_by(by_a, COUNT_OF(by_a)) & all, all);
	assert_int_equal(forbidden_by(by_x, COUNT_OF(by_x)) & all, all);
	by_a[2].k = by_x[2].k = 1;
	by_a[5].k = by_x[5].k = 3;
	assert_int_equal(forbidden_by(by_a, COUNT_OF(by_a)), 0);
	assert_int_equal(forbidden_by(by_x, COUNT_OF(by_x)), 0);
}

/* What is computed from numbers that are known is known. */
static void arithmetic_of_numbers(void **state)
{
	static const struct {
		uint16_t operation;
		uint32_t by, result;
	} cases[] = {{BPF_ADD, 3, 15}, {BPF_SUB, 5, 7}, {BPF_MUL, 3, 36}, {BPF_AND, 10, 8}, {BPF_OR, 3, 15},
		{BPF_XOR, 5, 9}, {BPF_LSH, 2, 48}, {BPF_RSH, 2, 3}, {BPF_NEG, 0, -12u}};

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(cases); i++) {
		struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_IMM, 12),
			BPF_STMT(BPF_ALU | cases[i].operation | BPF_K, cases[i].by), IF_NOT(cases[i].result, 1),
			RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_KILL_PROCESS)};

		assert_int_equal(forbidden_by(filter, COUNT_OF(filter)), 0);
	}
}

static void what_is_no_filter(void **state)
{
	struct sock_filter endless[] = {LOAD(nr)},
			   wild[] = {BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), RETURN(SECCOMP_RET_ALLOW)};
	struct sock_filter fine[] = {RETURN(SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, NULL};
	char *pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_int_equal(forbidden_by(fine, 1), 0);
	assert_int_equal(forbidden_by(endless, 1) & all, all);
	assert_int_equal(forbidden_by(wild, 2) & all, all);
	assert_int_equal(forbidden_by(fine, 0) & all, all);
	assert_int_equal(forbidden_by(fine, 5000) & all, all);
	assert_int_equal(seep_filters_forbid(NULL) & all, all);
	assert_int_equal(seep_filters_forbid((void *)8) & all, all);
	assert_int_equal(seep_filters_forbid((void *)-16) & all, all);
	assert_int_equal(seep_filters_forbid(&program) & all, all);
	/* One that reaches into a page that is not there. */
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(munmap(pages + 2 * PAGE, PAGE), 0);
	program.filter = (void *)(pages + PAGE - sizeof(fine));
	for (unsigned i = 0; i < 1 + PAGE / sizeof(fine); i++)
		memcpy(program.filter + i, fine, sizeof(fine));
	program.len = 1 + PAGE / sizeof(fine);
	assert_int_equal(seep_filters_forbid(&program), 0);
	program.len++;
	assert_int_equal(seep_filters_forbid(&program) & all, all);
	munmap(pages, 2 * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_passes_always_passes),
		cmocka_unit_test(lists),
		cmocka_unit_test(arguments),
		cmocka_unit_test(ways),
		cmocka_unit_test(arithmetic_of_numbers),
		cmocka_unit_test(what_is_no_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

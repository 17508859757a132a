/* SPDX-License-Identifier: Apache-2.0
 *
 * filters.c: reads a filter in the language of seccomp(2), once for each of the shim's calls. The call's number and the architecture
 * are known, its arguments are not: where the filter asks for them, both ways count. As it only jumps forward, one pass over its
 * instructions, each with what is known when it is reached by any way, sees all that it may answer. Any thread; nothing is kept.
 */
#include "filters.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "kernel.h"

#define EVERYTHING UINT32_MAX
#define PAGE 4096u

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0 /* compares unequal: nothing is found to be allowed */
#endif

static const uint32_t numbers[] = {
#define NUMBER(name) SYS_##name,
	SEEP_KERNEL_START(NUMBER) SEEP_KERNEL_OTHERS(NUMBER) SEEP_KERNEL_LIBUNWIND(NUMBER)
#undef NUMBER
};

struct value {
	bool known;
	uint32_t is;
};

/* What is known where an instruction begins. The scratch memory is not followed: what comes from there is unknown. */
struct state {
	bool reached;
	struct value a, x;
};

static const struct value unknown = {false, 0};

static struct value constant(uint32_t is)
{
	return (struct value){true, is};
}

static struct value joined(struct value one, struct value other)
{
	return one.known && other.known && one.is == other.is ? one : unknown;
}

static void arrive(struct state *to, const struct state *from)
{
	if (to->reached) {
		to->a = joined(to->a, from->a);
		to->x = joined(to->x, from->x);
	} else {
		*to = *from;
	}
}

static struct value loaded(const struct sock_filter *i, uint32_t number)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		return constant(i->k);
	case BPF_LEN:
		return constant(sizeof(struct seccomp_data));
	case BPF_ABS:
		if (i->k == offsetof(struct seccomp_data, nr))
			return constant(number);
		if (i->k == offsetof(struct seccomp_data, arch))
			return constant(ARCHITECTURE);
		return unknown;
	default:
		return unknown;
	}
}

static struct value computed(uint16_t code, struct value a, struct value by)
{
	if (!a.known || !by.known)
		return unknown;
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return constant(a.is + by.is);
	case BPF_SUB:
		return constant(a.is - by.is);
	case BPF_MUL:
		return constant(a.is * by.is);
	case BPF_AND:
		return constant(a.is & by.is);
	case BPF_OR:
		return constant(a.is | by.is);
	case BPF_XOR:
		return constant(a.is ^ by.is);
	case BPF_LSH:
		return by.is < 32 ? constant(a.is << by.is) : unknown;
	case BPF_RSH:
		return by.is < 32 ? constant(a.is >> by.is) : unknown;
	case BPF_NEG:
		return constant(-a.is);
	default:
		return unknown;
	}
}

static bool holds(uint16_t code, uint32_t a, uint32_t with)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == with;
	case BPF_JGT:
		return a > with;
	case BPF_JGE:
		return a >= with;
	default:
		return a & with;
	}
}

/* Whether the filter lets the call pass by every way. count + 1 states of room. */
static bool passes(const struct sock_filter *filter, uint32_t count, uint32_t number, struct state *states)
{
	memset(states, 0, (count + 1) * sizeof *states);
	states[0].reached = true;
	for (uint32_t at = 0; at < count; at++) {
		const struct sock_filter *i = &filter[at];
		struct state *s = &states[at], next = *s;
		struct value operand = BPF_SRC(i->code) == BPF_X ? s->x : constant(i->k);
		uint64_t yes = at + UINT64_C(1) + i->jt, no = at + UINT64_C(1) + i->jf;
		uint32_t action;

		if (!s->reached)
			continue;
		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			action = i->k & SECCOMP_RET_ACTION_FULL;
			if (BPF_RVAL(i->code) != BPF_K || (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG))
				return false;
			continue;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				yes = no = at + UINT64_C(1) + i->k;
			else if (s->a.known && operand.known)
				yes = no = holds(i->code, s->a.is, operand.is) ? yes : no;
			if (yes >= count || no >= count)
				return false;
			arrive(&states[yes], s);
			arrive(&states[no], s);
			continue;
		case BPF_LD:
			next.a = loaded(i, number);
			break;
		case BPF_LDX:
			next.x = loaded(i, number);
			break;
		case BPF_ALU:
			next.a = computed(i->code, s->a, operand);
			break;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				next.x = s->a;
			else
				next.a = s->x;
			break;
		default: /* ST, STX */
			break;
		}
		arrive(&states[at + 1], &next);
	}
	return !states[count].reached;
}

static bool readable(const void *start, size_t bytes)
{
	uintptr_t at = (uintptr_t)start & ~(uintptr_t)7, end = (uintptr_t)start + bytes;

	if (end < at)
		return false;
	for (; at < end; at = (at & ~(uintptr_t)(PAGE - 1)) + PAGE)
		if (!seep_kernel_readable(at))
			return false;
	return true;
}

uint32_t seep_filters_forbid(const void *program)
{
	const struct sock_fprog *p = program;
	uint32_t forbidden = 0;
	struct state *states;
	size_t bytes;

	if (!readable(p, sizeof *p) || p->len == 0 || p->len > BPF_MAXINSNS ||
		!readable(p->filter, p->len * sizeof *p->filter))
		return EVERYTHING;
	bytes = (p->len + 1) * sizeof *states;
	states = seep_kernel_memory(bytes, 0);
	if (!states)
		return EVERYTHING;
	for (unsigned call = 0; call < SEEP_KERNEL_CALLS; call++)
		if (!passes(p->filter, p->len, numbers[call], states))
			forbidden |= UINT32_C(1) << call;
	seep_kernel(munmap, states, bytes);
	return forbidden;
}

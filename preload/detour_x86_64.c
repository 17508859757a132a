/* SPDX-License-Identifier: Apache-2.0
 *
 * detour_x86_64.c: see detour.h.
 */
#include "detour.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/auxv.h>

#include "cfi.h"
#include "kernel.h"

#define PAGE 4096u
#define PAGES_AT_ONCE \
	64 /* asked about in a row; farther away is another stack, or a frame so large that it may count as one */
#define OWN_FRAMES 32 /* from here to the hook; a few, in truth */
#define CHAIN_LINKS 64

#define PARTS (sizeof((struct seep_unwinder *)0)->readable / sizeof((struct seep_unwinder *)0)->readable[0])

_Static_assert(sizeof(struct seep_cfi_workspace) <= sizeof((struct seep_unwinder *)0)->scratch, "room in the unwinder");

static bool holds(const uintptr_t part[2], uintptr_t address)
{
	return address - part[0] < part[1] - part[0];
}

static void bring_to_front(struct seep_unwinder *unwinder, unsigned which)
{
	uintptr_t part[2] = {unwinder->readable[which][0], unwinder->readable[which][1]};

	memmove(unwinder->readable[1], unwinder->readable[0], which * sizeof part);
	memcpy(unwinder->readable[0], part, sizeof part);
}

/* Makes the part larger, page by page, until it holds the address. */
static bool reaches(uintptr_t part[2], uintptr_t address)
{
	for (int i = 0; i < PAGES_AT_ONCE && part[1] && address >= part[1] && seep_kernel_readable(part[1]); i++)
		part[1] += PAGE;
	for (int i = 0; i < PAGES_AT_ONCE && address < part[0] && seep_kernel_readable(part[0] - PAGE); i++)
		part[0] -= PAGE;
	return holds(part, address);
}

bool seep_detour_readable(struct seep_unwinder *unwinder, uintptr_t address)
{
	uintptr_t page = address & -(uintptr_t)PAGE;

	if (address % sizeof(uintptr_t) != 0)
		return false;
	for (unsigned i = 0; i < PARTS; i++)
		if (holds(unwinder->readable[i], address)) {
			bring_to_front(unwinder, i);
			return true;
		}
	/* Before the current part is extended: what grows towards nothing would ask again each time. */
	if (!seep_kernel_readable(page))
		return false;
	if (reaches(unwinder->readable[0], address))
		return true;
	unwinder->readable[PARTS - 1][0] = page;
	unwinder->readable[PARTS - 1][1] = page + PAGE;
	bring_to_front(unwinder, PARTS - 1);
	return true;
}

static bool read_stack(void *context, uintptr_t address, unsigned bytes, uintptr_t *value)
{
	uintptr_t word = address & -sizeof(uintptr_t);

	if (address + bytes > word + sizeof(uintptr_t) || !seep_detour_readable(context, word))
		return false;
	*value = 0;
	memcpy(value, (const void *)address, bytes);
	return true;
}

/* The registers of the very place where this is expanded: what has been saved since is found by libseep's own tables. */
#define REGISTERS_HERE(registers) \
	__asm__ volatile( \
		"leaq 0f(%%rip), %%rax\n" \
		"0:\tmovq %%rax, 128(%0)\n\t" \
		"movq %%rbx, 24(%0)\n\t" \
		"movq %%rbp, 48(%0)\n\t" \
		"movq %%rsp, 56(%0)\n\t" \
		"movq %%r12, 96(%0)\n\t" \
		"movq %%r13, 104(%0)\n\t" \
		"movq %%r14, 112(%0)\n\t" \
		"movq %%r15, 120(%0)" \
		: \
		: "r"((registers).value) \
		: "rax", "memory")
#define KNOWN_HERE (1u << 16 | 1u << 15 | 1u << 14 | 1u << 13 | 1u << 12 | 1u << 7 | 1u << 6 | 1u << 3)

/* To the caller. The workspace's rules are then those of the frame that was left. */
static bool step(
	struct seep_unwinder *unwinder, struct seep_cfi_registers *registers, bool interrupted, uintptr_t *slot)
{
	struct seep_cfi_workspace *room = (void *)unwinder->scratch;
	uintptr_t rsp = registers->value[SEEP_CFI_RSP];
	uintptr_t rip = registers->value[SEEP_CFI_RIP];
	struct seep_cfi_entry entry;

	if (seep_cfi_find(rip - !interrupted, &entry) != SEEP_CFI_OK ||
		seep_cfi_run(&entry, rip - !interrupted, room) != SEEP_CFI_OK ||
		!seep_cfi_step(&room->rules, registers, slot, read_stack, unwinder))
		return false;
	return registers->known >> SEEP_CFI_RSP & 1 &&
	       (registers->value[SEEP_CFI_RSP] != rsp || registers->value[SEEP_CFI_RIP] != rip);
}

__attribute__((noinline)) bool seep_detour_full(struct seep_unwinder *unwinder, const struct seep_unwind_start *start,
	const struct seep_unwind_frame *frames, unsigned last, struct seep_place *place)
{
	struct seep_cfi_workspace *room = (void *)unwinder->scratch;
	struct seep_cfi_registers registers = {.known = KNOWN_HERE};
	bool interrupted = true;
	uintptr_t slot;

	REGISTERS_HERE(registers);
	for (unsigned i = 0; registers.value[SEEP_CFI_RSP] != start->cfa; i++) {
		if (i == OWN_FRAMES || !step(unwinder, &registers, interrupted, &slot))
			return false;
		interrupted = false;
	}
	for (unsigned i = 0; i <= last; i++) {
		if (registers.value[SEEP_CFI_RIP] != frames[i].return_address ||
			!step(unwinder, &registers, interrupted, &slot))
			return false;
		interrupted = room->rules.signal_frame;
	}
	place->pc = registers.value[SEEP_CFI_RIP];
	place->rsp = registers.value[SEEP_CFI_RSP];
	place->rbp = registers.known >> SEEP_CFI_RBP & 1 ? registers.value[SEEP_CFI_RBP] : 0;
	place->slot = slot ? slot : place->rsp - sizeof(uintptr_t);
	place->interrupted = interrupted;
	return true;
}

/* Whether the instruction before address, within the code from low on, is a call. */
static bool follows_call(const uint8_t *address, const uint8_t *low)
{
	if (address - low >= 5 && address[-5] == 0xe8)
		return true;
	for (int length = 2; length <= 7 && length <= address - low; length++) {
		const uint8_t *code = address - length;
		unsigned mode = code[1] >> 6;
		unsigned base = code[1] & 7;
		int operand = mode == 1 ? 1 : mode == 2 || (mode == 0 && base == 5) ? 4 : 0;
		int index = mode != 3 && base == 4;

		if (mode == 0 && index && length > 2 && (code[2] & 7) == 5)
			operand = 4;
		if (code[0] == 0xff && (code[1] >> 3 & 7) == 2 && length == 2 + index + operand)
			return true;
	}
	return false;
}

/* A return address where nothing but a return address can have come from: in code with tables, after a call. */
static bool is_certain(uintptr_t pc)
{
	struct seep_cfi_entry entry;

	return seep_cfi_find(pc - 1, &entry) == SEEP_CFI_OK &&
	       follows_call((const uint8_t *)pc, (const uint8_t *)entry.start);
}

/* A frame pointer points outwards, on the same stack, at its caller's frame pointer and the return address beside it. */
static bool is_link(struct seep_unwinder *unwinder, uintptr_t rbp, uintptr_t inner)
{
	return rbp >= inner && seep_detour_readable(unwinder, inner) && seep_detour_readable(unwinder, rbp) &&
	       seep_detour_readable(unwinder, rbp + sizeof(uintptr_t)) && holds(unwinder->readable[0], inner);
}

bool seep_detour_chain(struct seep_unwinder *unwinder, struct seep_place *place, uintptr_t *proven)
{
	const uintptr_t *first = (const uintptr_t *)place->rbp;
	const uintptr_t *link = first;

	if (!is_link(unwinder, place->rbp, place->rsp))
		return false;
	for (int i = 0; (uintptr_t)link > *proven; i++) {
		if (is_certain(link[1])) {
			*proven = (uintptr_t)link;
			break;
		}
		if (i == CHAIN_LINKS || !is_link(unwinder, link[0], (uintptr_t)&link[2]))
			return false;
		link = (const uintptr_t *)link[0];
	}
	place->slot = (uintptr_t)&first[1];
	place->pc = first[1];
	place->rsp = (uintptr_t)&first[2];
	place->rbp = first[0];
	place->interrupted = false;
	return true;
}

bool seep_detour_is_entry(const struct seep_place *place)
{
	struct dl_find_object object;
	uintptr_t start;
	uintptr_t bytes;

	if (place->rbp != 0 || _dl_find_object((void *)place->pc, &object) != 0)
		return false;
	start = (uintptr_t)object.dlfo_map_start;
	bytes = (uintptr_t)object.dlfo_map_end - start;
	return getauxval(AT_BASE) - start < bytes || getauxval(AT_ENTRY) - start < bytes;
}

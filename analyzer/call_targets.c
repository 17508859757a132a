/* SPDX-License-Identifier: Apache-2.0
 *
 * call_targets.c: x86-64's two ways to call a function of another file: `call stub` with `jmp *slot(%rip)` in the stub, and
 * `call *slot(%rip)`. The slot is where the dynamic linker writes the function's address, and its relocation names it.
 */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "call_targets.h"
#include "elf_file.h"
#include "elf_image.h"
#include "memory.h"

#define STUB_BYTES 16

struct slot {
	uint64_t address;
	const char *symbol;
};

struct seep_call_targets {
	const struct seep_elf_file *file;
	struct slot *slots; /* sorted by address */
	size_t count, capacity;
	bool failed;
};

static bool add_slot(void *context, const struct seep_elf_fixup *fixup)
{
	struct seep_call_targets *t = context;

	if (!fixup->symbol || !*fixup->symbol)
		return true;
	if (seep_array_reserve(&t->slots, &t->capacity, t->count + 1, sizeof(*t->slots)) < 0) {
		t->failed = true;
		return false;
	}
	t->slots[t->count++] = (struct slot){fixup->address, fixup->symbol};
	return true;
}

static int by_address(const void *left, const void *right)
{
	const struct slot *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

struct seep_call_targets *seep_call_targets_open(const struct seep_elf_file *file)
{
	struct seep_call_targets *t = calloc(1, sizeof(*t));
	GElf_Ehdr header;

	if (!t)
		return NULL;
	t->file = file;
	if (gelf_getehdr(file->elf, &header) && header.e_machine == EM_X86_64)
		seep_elf_image_fixups(file->elf, add_slot, t);
	if (t->failed) {
		seep_call_targets_close(t);
		return NULL;
	}
	if (t->count)
		qsort(t->slots, t->count, sizeof(*t->slots), by_address);
	return t;
}

static const char *symbol_at(const struct seep_call_targets *t, uint64_t address)
{
	const struct slot key = {.address = address}, *found;

	found = t->count ? bsearch(&key, t->slots, t->count, sizeof(key), by_address) : NULL;
	return found ? found->symbol : NULL;
}

static uint64_t relative(uint64_t from, const uint8_t *bytes)
{
	int32_t distance;

	memcpy(&distance, bytes, sizeof(distance));
	return from + (uint64_t)(int64_t)distance;
}

/* [endbr64] [bnd] jmp *slot(%rip) */
static const char *through_stub(const struct seep_call_targets *t, uint64_t address)
{
	size_t count = 0, at = 0;
	const uint8_t *stub = seep_elf_image_bytes(t->file->elf, address, &count);

	if (!stub || count < STUB_BYTES)
		return NULL;
	if (!memcmp(stub, "\xf3\x0f\x1e\xfa", 4))
		at += 4;
	if (stub[at] == 0xf2)
		at++;
	if (stub[at] != 0xff || stub[at + 1] != 0x25)
		return NULL;
	return symbol_at(t, relative(address + at + 6, stub + at + 2));
}

const char *seep_call_targets_find(const struct seep_call_targets *t, uint64_t return_address)
{
	const char *symbol = NULL;
	const uint8_t *call;
	size_t count = 0;

	call = return_address > 6 ? seep_elf_image_bytes(t->file->elf, return_address - 6, &count) : NULL;
	if (!call || count < 6)
		return NULL;
	if (call[0] == 0xff && call[1] == 0x15)
		symbol = symbol_at(t, relative(return_address, call + 2));
	if (!symbol && call[1] == 0xe8)
		symbol = through_stub(t, relative(return_address, call + 2));
	return symbol;
}

void seep_call_targets_close(struct seep_call_targets *t)
{
	if (!t)
		return;
	free(t->slots);
	free(t);
}

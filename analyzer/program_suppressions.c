/* SPDX-License-Identifier: Apache-2.0
 *
 * program_suppressions.c: finds __lsan_default_suppressions in an executable's symbol table and follows its few instructions
 * to the text whose address it returns. The file is untrusted: steps, lengths and addresses are bounded.
 */
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "elf_image.h"
#include "program_suppressions.h"

#define FUNCTION "__lsan_default_suppressions"
#define STEPS_MAX 64
#define TEXT_BYTES_MAX (1u << 20)

struct search {
	uint64_t address, value;
	bool found;
};

static bool take_fixup(void *context, const struct seep_elf_fixup *fixup)
{
	struct search *search = context;

	if (fixup->address != search->address)
		return true;
	search->value = fixup->value;
	search->found = true;
	return false;
}

/* What the program would find at an address. */
static bool load_pointer(Elf *elf, uint64_t address, uint64_t *value)
{
	struct search search = {.address = address};
	const uint8_t *bytes;
	size_t count = 0;

	seep_elf_image_fixups(elf, take_fixup, &search);
	*value = search.value;
	if (search.found)
		return true;
	bytes = seep_elf_image_bytes(elf, address, &count);
	if (!bytes || count < sizeof(*value))
		return false;
	memcpy(value, bytes, sizeof(*value));
	return true;
}

static bool find_function(Elf *elf, uint64_t *address)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || !header.sh_entsize ||
			(header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(section, NULL);
		for (size_t i = 1; data && i < header.sh_size / header.sh_entsize; i++) {
			GElf_Sym symbol;
			const char *name = gelf_getsym(data, (int)i, &symbol)
						   ? elf_strptr(elf, header.sh_link, symbol.st_name)
						   : NULL;

			*address = symbol.st_value;
			if (name && symbol.st_shndx != SHN_UNDEF && !strcmp(name, FUNCTION))
				return true;
		}
	}
	return false;
}

/* ---- The instructions ---- */

struct instruction {
	const char *bytes;
	unsigned length; /* of these bytes */
	unsigned operand; /* bytes of an operand behind them */
	enum { SKIP, SET_FROM_HERE, LOAD_FROM_HERE, LOAD, SET, JUMP, RETURN } action;
};

/* All that compilers make of `return text;` on x86-64. */
static const struct instruction instructions[] = {
	{"\xf3\x0f\x1e\xfa", 4, 0, SKIP}, /* endbr64 */
	{"\x55", 1, 0, SKIP}, /* push rbp */
	{"\x48\x89\xe5", 3, 0, SKIP}, /* mov rbp, rsp */
	{"\x48\x83\xec", 3, 1, SKIP}, /* sub rsp, n */
	{"\x48\x83\xc4", 3, 1, SKIP}, /* add rsp, n */
	{"\x5d", 1, 0, SKIP}, /* pop rbp */
	{"\xc9", 1, 0, SKIP}, /* leave */
	{"\x90", 1, 0, SKIP}, /* nop */
	{"\x66\x90", 2, 0, SKIP},
	{"\x48\x8d\x05", 3, 4, SET_FROM_HERE}, /* lea rax, [rip + n] */
	{"\x48\x8b\x05", 3, 4, LOAD_FROM_HERE}, /* mov rax, [rip + n] */
	{"\x48\x8b\x00", 3, 0, LOAD}, /* mov rax, [rax] */
	{"\xb8", 1, 4, SET}, /* mov eax, n */
	{"\x48\xc7\xc0", 3, 4, SET}, /* mov rax, n */
	{"\x48\xb8", 2, 8, SET},
	{"\x31\xc0", 2, 0, SET}, /* xor eax, eax */
	{"\xe9", 1, 4, JUMP},
	{"\xeb", 1, 1, JUMP},
	{"\xc3", 1, 0, RETURN},
	{"\xf3\xc3", 2, 0, RETURN},
};

static const struct instruction *decode(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		const struct instruction *in = &instructions[i];

		if (in->length + in->operand <= count && !memcmp(bytes, in->bytes, in->length))
			return in;
	}
	return NULL;
}

static int64_t operand_of(const struct instruction *in, const uint8_t *bytes)
{
	int64_t whole = 0;
	int32_t half;

	if (in->operand == 1)
		return (int8_t)bytes[in->length];
	if (in->operand == 4) {
		memcpy(&half, bytes + in->length, sizeof(half));
		return half;
	}
	if (in->operand == 8)
		memcpy(&whole, bytes + in->length, sizeof(whole));
	return whole;
}

/* The address that the function at `address` returns. */
static bool follow(Elf *elf, uint64_t address, uint64_t *result)
{
	bool known = false;

	for (int step = 0; step < STEPS_MAX; step++) {
		size_t count = 0;
		const uint8_t *bytes = seep_elf_image_bytes(elf, address, &count);
		const struct instruction *in = bytes ? decode(bytes, count) : NULL;
		int64_t operand;

		if (!in)
			return false;
		operand = operand_of(in, bytes);
		address += in->length + in->operand;
		if (in->action == RETURN)
			return known;
		if (in->action == JUMP)
			address += (uint64_t)operand;
		else if (in->action == SET)
			*result = (uint64_t)operand;
		else if (in->action == SET_FROM_HERE)
			*result = address + (uint64_t)operand;
		else if ((in->action == LOAD_FROM_HERE && !load_pointer(elf, address + (uint64_t)operand, result)) ||
			 (in->action == LOAD && (!known || !load_pointer(elf, *result, result))))
			return false;
		known = known || (in->action != SKIP && in->action != JUMP);
	}
	return false;
}

static int read_text(const struct seep_elf_file *file, char **text, struct seep_error *error)
{
	const uint8_t *bytes;
	uint64_t address;
	size_t count = 0;
	GElf_Ehdr header;

	if (!find_function(file->elf, &address))
		return 0;
	if (!gelf_getehdr(file->elf, &header) || header.e_machine != EM_X86_64 || !follow(file->elf, address, &address))
		return seep_error_set(error,
			"%s has its own " FUNCTION
			", but what it returns can't be told from outside: put it into a "
			"file and name that with --suppressions",
			file->path);
	if (!address)
		return 0;
	bytes = seep_elf_image_bytes(file->elf, address, &count);
	if (!bytes || strnlen((const char *)bytes, count) == count)
		return seep_error_set(error, "%s: " FUNCTION " returns no text of the file", file->path);
	*text = strndup((const char *)bytes, TEXT_BYTES_MAX);
	return *text ? 0 : seep_error_set(error, "out of memory");
}

int seep_program_suppressions(const struct seep_module *executable, char **text, struct seep_error *error)
{
	struct seep_elf_file *file;
	int result = 0;

	*text = NULL;
	if (seep_elf_file_open(&file, executable->path, NULL) < 0)
		return 0;
	if (seep_elf_file_is(file, executable))
		result = read_text(file, text, error);
	seep_elf_file_close(file);
	return result;
}

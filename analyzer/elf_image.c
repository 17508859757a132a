/* SPDX-License-Identifier: Apache-2.0
 *
 * elf_image.c: segments and relocations with addends, by libelf.
 */
#include <gelf.h>

#include "elf_image.h"

const uint8_t *seep_elf_image_bytes(Elf *elf, uint64_t address, size_t *count)
{
	size_t segments = 0, size = 0;
	const char *raw = elf_rawfile(elf, &size);

	if (!raw || elf_getphdrnum(elf, &segments) < 0)
		return NULL;
	for (size_t i = 0; i < segments; i++) {
		GElf_Phdr s;

		if (!gelf_getphdr(elf, (int)i, &s) || s.p_type != PT_LOAD || address < s.p_vaddr ||
			address - s.p_vaddr >= s.p_filesz || s.p_offset > size || s.p_filesz > size - s.p_offset)
			continue;
		*count = s.p_filesz - (address - s.p_vaddr);
		return (const uint8_t *)raw + s.p_offset + (address - s.p_vaddr);
	}
	return NULL;
}

/* The symbol that a relocation names, and its string. */
static const char *symbol_of(Elf *elf, Elf_Scn *symbols, size_t number, GElf_Sym *symbol)
{
	Elf_Data *data = symbols ? elf_getdata(symbols, NULL) : NULL;
	GElf_Shdr header;

	if (!number || !data || !gelf_getshdr(symbols, &header) || !gelf_getsym(data, (int)number, symbol))
		return NULL;
	return elf_strptr(elf, header.sh_link, symbol->st_name);
}

void seep_elf_image_fixups(Elf *elf, bool (*visit)(void *context, const struct seep_elf_fixup *fixup), void *context)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;
		size_t count;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA || !header.sh_entsize)
			continue;
		data = elf_getdata(section, NULL);
		count = data ? data->d_size / header.sh_entsize : 0;
		for (size_t i = 0; i < count; i++) {
			struct seep_elf_fixup fixup = {0};
			GElf_Sym symbol = {0};
			GElf_Rela rela;

			if (!gelf_getrela(data, (int)i, &rela))
				continue;
			fixup.address = rela.r_offset;
			fixup.symbol =
				symbol_of(elf, elf_getscn(elf, header.sh_link), GELF_R_SYM(rela.r_info), &symbol);
			fixup.value = symbol.st_value + (uint64_t)rela.r_addend;
			if (!visit(context, &fixup))
				return;
		}
	}
}

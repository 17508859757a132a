/* SPDX-License-Identifier: Apache-2.0
 *
 * elf_image.h: an ELF file as the dynamic linker would lay it out: the bytes behind an address, and what it would write there.
 * call_targets.c and program_suppressions.c read code with it. The file is untrusted. Any thread, one at a time for each file.
 */
#ifndef SEEP_ELF_IMAGE_H
#define SEEP_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

/* The bytes of the file behind an address, up to the end of its segment. NULL: the file has none there. */
const uint8_t *seep_elf_image_bytes(Elf *elf, uint64_t address, size_t *count);

/* One thing that the dynamic linker writes. */
struct seep_elf_fixup {
	uint64_t address;
	uint64_t value; /* without the file's load address; 0 where it comes from another file */
	const char *symbol; /* as long as the file is open; NULL: none */
};

/* Calls visit for each of them until it returns false. */
void seep_elf_image_fixups(Elf *elf, bool (*visit)(void *context, const struct seep_elf_fixup *fixup), void *context);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * elf_file.h: an ELF file that is open, with what names of functions need to know of it. debug_file.c opens them,
 * symbols.c owns them, symbol_table.c and debug_info.c read them. Any thread, one at a time for each file.
 *
 * Only regular files are opened, so that no path in a trace can make a device act or a FIFO block.
 */
#ifndef SEEP_ELF_FILE_H
#define SEEP_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

struct seep_error;
struct seep_module;

struct seep_elf_file {
	char *path;
	Elf *elf;
	uint8_t build_id[64];
	unsigned build_id_bytes; /* 0: it has none */
	bool has_debug_info; /* DWARF that is in this very file */
	bool has_symbols; /* .symtab that is in this very file */
	int fd; /* -1: in memory */
	void *image; /* what it was read from, if in memory */
};

/* 0, or -1 with the reason in *e: "PATH can't be opened (No such file or directory)", "PATH is no ELF file ...". */
int seep_elf_file_open(struct seep_elf_file **file, const char *path, struct seep_error *e);

/* The image is freed with the file, or at once on failure. */
int seep_elf_file_open_image(
	struct seep_elf_file **file, const char *name, void *image, size_t bytes, struct seep_error *e);

/* The running kernel's vDSO, from this process: a traced program on this machine since its start had the same. */
int seep_elf_file_open_vdso(struct seep_elf_file **file, struct seep_error *e);

/* Whether the file is the one that ran: equal build-ids, or none in both and an address range of the same size. */
bool seep_elf_file_is(const struct seep_elf_file *file, const struct seep_module *module);

/* The header of the first section of that name and, if it has bytes in this file, its data (decompressed); else NULL. */
Elf_Data *seep_elf_file_section(const struct seep_elf_file *file, const char *name);

/* .gnu_debugaltlink: name and build-id of the file that this one's DWARF shares with others. False: it needs none. */
bool seep_elf_file_altlink(
	const struct seep_elf_file *file, const char **name, const uint8_t **build_id, size_t *build_id_bytes);

/* CRC-32 of the whole file as .gnu_debuglink holds it. 0, or -1 where it can't be read. */
int seep_elf_file_crc(const struct seep_elf_file *file, uint32_t *crc);

void seep_elf_file_close(struct seep_elf_file *file);

#endif

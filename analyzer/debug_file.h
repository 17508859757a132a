/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_file.h: which files on this machine belong to a module of the trace: the file that ran, its separate debug file
 * and what that one shares with others. symbols.c asks. One thread.
 *
 * A file belongs to the module if it has the recorded build-id (or, where there is none, if the program's .gnu_debuglink
 * names it with the right checksum). What does not belong is never used.
 */
#ifndef SEEP_DEBUG_FILE_H
#define SEEP_DEBUG_FILE_H

#include <stddef.h>

struct seep_debuginfod;
struct seep_elf_file;
struct seep_error;
struct seep_module;

/* Where to look. A root holds debug files as /usr/lib/debug does, or ELF files by their path below it or by their base name. */
struct seep_debug_places {
	const char *const *roots; /* looked through in this order */
	size_t root_count;
	struct seep_debuginfod *server; /* asked at last; NULL: never */
};

/* The file that ran, at its path or below a root. NULL if there is none, and then *e begins a sentence about the one at its
 * path: "/usr/bin/x changed since the recording (build-id 1f.. then, 2e.. now)" or "/usr/bin/x can't be opened (...)". */
struct seep_elf_file *seep_debug_file_program(
	const struct seep_debug_places *places, const struct seep_module *module, struct seep_error *e);

/* The best other file with DWARF, or else with a symbol table, for a module whose program file is open or (NULL) was
 * not found. NULL if there is none. */
struct seep_elf_file *seep_debug_file_find(
	const struct seep_debug_places *places, const struct seep_module *module, const struct seep_elf_file *program);

/* The file that `file`'s .gnu_debugaltlink names (made by dwz); NULL if it is not to be found. */
struct seep_elf_file *seep_debug_file_shared(const struct seep_debug_places *places, const struct seep_elf_file *file);

#endif

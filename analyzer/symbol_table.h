/* SPDX-License-Identifier: Apache-2.0
 *
 * symbol_table.h: function names from ELF symbol tables, for where there is no DWARF. symbols.c calls it. One thread.
 */
#ifndef SEEP_SYMBOL_TABLE_H
#define SEEP_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_elf_file;
struct seep_symbol_table;

/* Takes the functions out of .symtab, .dynsym and .gnu_debugdata of the files, which have to outlive the table. A damaged table
 * counts as an empty one. 0, or -1 when memory ran out. */
int seep_symbol_table_open(struct seep_symbol_table **t, struct seep_elf_file *const *files, size_t count);

/* The linker's name of the function that the address (as the ELF file counts) is in; NULL where none says so. A
 * function ends where its symbol's size says: what lies behind it may be a static function without a symbol, and a
 * wrong name is worse than none. Of several names for one place the same is given each time: an exported one before a local one,
 * then the one with fewer leading underscores ("strdup", not "__strdup"). */
const char *seep_symbol_table_find(const struct seep_symbol_table *t, uint64_t address);

void seep_symbol_table_close(struct seep_symbol_table *t);

#endif

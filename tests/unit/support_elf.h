/* SPDX-License-Identifier: Apache-2.0
 *
 * support_elf.h: small programs for the tests of symbols. They are compiled in a temporary folder and say themselves which
 * return addresses they saw, so that names and lines are known from the source alone.
 *
 * A source calls note() where an address is wanted; ELF_NOTE defines it and has no newline in it, so that the source's own
 * line numbers stay as they are.
 */
#ifndef SEEP_TESTS_SUPPORT_ELF_H
#define SEEP_TESTS_SUPPORT_ELF_H

#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "symbols.h"

/* Prints the return address as the ELF file counts it. To be linked as position-independent. */
#define ELF_NOTE \
	"extern int printf(const char *, ...); extern const char __executable_start[];" \
	"__attribute__((noinline, noipa, unused)) static void note(void)" \
	"{ printf(\"%lx\\n\", (unsigned long)((const char *)__builtin_return_address(0) - __executable_start)); }"

/* cmocka group fixtures: make a temporary folder the working directory, and remove it. */
int elf_set_up(void **state);
int elf_tear_down(void **state);

/* The temporary folder, absolute. */
const char *elf_folder(void);

/* Runs a shell command in the folder; the test fails if it does. */
void elf_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether a program is installed. */
int elf_has(const char *program);

void elf_write(const char *name, const void *bytes, size_t count);
void *elf_read(const char *name, size_t *count); /* to be freed */

/* Writes the text to SOURCE (by its ending C or C++) and compiles it to NAME with `flags`. Calls stay
 * calls: none becomes a jump. */
void elf_compile(const char *name, const char *source, const char *text, const char *flags);

/* Runs a program that calls note(); returns how many addresses it printed. */
size_t elf_addresses(const char *program, uint64_t *addresses, size_t most);

/* A module number 1 of that file as recorded now, loaded at address 0; the path is absolute and valid until the next call. */
struct seep_module elf_module(const char *name);

/* Opens symbols for one module with up to two search paths (NULL: none). */
struct seep_symbols *elf_symbols(const struct seep_module *module, const char *root, const char *other);

/* Frames of an address of module 1; the test fails if there are none. */
const struct seep_frame *elf_resolve(struct seep_symbols *s, uint64_t address, size_t *count);

/* The frame is "function file:line", with the file's base name; "function" alone says that file and line are unknown. */
void elf_expect(const struct seep_frame *frame, const char *expected);

/* The only remark is (or, NULL, there is none) one that holds the text. */
void elf_expect_remark(const struct seep_symbols *s, const char *text);

#endif

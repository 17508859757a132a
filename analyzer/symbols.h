/* SPDX-License-Identifier: Apache-2.0
 *
 * symbols.h: the functions and source lines behind the return addresses of a trace. The report builds on it; it stands
 * on elf_file.h, debug_file.h, symbol_table.h and debug_info.h. For one thread at a time.
 *
 * A module's file is read when the first address in it is asked for, and only if its build-id is the one recorded. No
 * file is opened but the module's own path, its debug files and what lies in the given search paths; no server is asked
 * unless `debuginfod` is set. ELF files are untrusted: a corrupt one costs names, never the process.
 */
#ifndef SEEP_SYMBOLS_H
#define SEEP_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_error;
struct seep_module;
struct seep_symbols;

/* One source-level frame of a stack. No string holds a control character, whatever the ELF file said. */
struct seep_frame {
	const char *function; /* demangled; never NULL: "module+0x1f3a" or "0x7f..." where nothing is known */
	const char *file; /* as in the debug information, made readable (comp_dir joined); NULL: unknown */
	unsigned line; /* 0: unknown */
	const char *module; /* base name of the file; "": no known module */
	uint64_t
		address; /* of the call's last byte (return address - 1), as the ELF file counts; process address if no module */
	bool inlined; /* this frame was inlined into the next one of the array */
	bool named; /* function is a real symbol's name */
};

struct seep_symbols_options {
	bool debuginfod; /* may ask the servers of DEBUGINFOD_URLS; without it they are never asked */
	const char *const *search_paths; /* extra roots with debug files (as /usr/lib/debug) or ELF files */
	size_t search_path_count;
};

/* `modules` and the paths in `o` are copied. 0, or -1 with *e set. `o` may be NULL: no extra paths, no servers. */
int seep_symbols_open(struct seep_symbols **s, const struct seep_symbols_options *o, const struct seep_module *modules,
	size_t count, struct seep_error *e);

/* The frames for one return address, innermost inlined one first; at least one. `module` is its number, 0 for none.
 * The array and its strings live as long as s; asking again is cheap. 0, or -1 when memory ran out. */
int seep_symbols_resolve(struct seep_symbols *s, uint32_t module, uint64_t return_address,
	const struct seep_frame **frames, size_t *count);

/* The function that a return address is in, as the linker knows it ("_Znwm"): suppression files hold such names. NULL where no symbol table says
 * so. The string lives as long as s. */
const char *seep_symbols_linkage(struct seep_symbols *s, uint32_t module, uint64_t return_address);

/* The function of another file that the call before a return address goes to, as the linker knows it, where the call itself says so; else NULL. It may
 * not be in the stack: a function that ends by jumping to another one leaves no frame. The string lives as long as s. */
const char *seep_symbols_called(struct seep_symbols *s, uint32_t module, uint64_t return_address);

/* One sentence for people about each module that could not be used as recorded, among those asked for so far: its file
 * changed or is missing (these come first), or has no symbols for some address. Valid until the next call on s. Returns how many. */
size_t seep_symbols_remarks(const struct seep_symbols *s, const char *const **sentences);

void seep_symbols_close(struct seep_symbols *s);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_info.h: functions, inlined calls and lines of an address, from a file's DWARF by libdw. symbols.c calls it, through
 * symbols.h the report. One thread.
 *
 * What is read of a compilation unit is read when the first address in it is asked for, and then kept: its functions'
 * address ranges, sorted. The DWARF is untrusted: libdw checks what it reads, and walks here only go forward through
 * a unit, so that no reference can lead them in circles.
 */
#ifndef SEEP_DEBUG_INFO_H
#define SEEP_DEBUG_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_debug_info;
struct seep_elf_file;
struct seep_names;

/* One function of those that an address is in. Strings live as long as the names given to seep_debug_info_open. */
struct seep_debug_frame {
	const char *function; /* readable; NULL: the DWARF has no name for it */
	const char *file; /* NULL: unknown */
	unsigned line; /* in that function; 0: unknown */
};

#define SEEP_DEBUG_FRAMES_MAX \
	128 /* calls inlined into each other; what is outside of so many is left out, the function is kept */

/* `shared` is what .gnu_debugaltlink of `file` names, NULL where there is none. Both have to outlive d. NULL: no usable
 * DWARF, or memory ran out. */
struct seep_debug_info *seep_debug_info_open(
	const struct seep_elf_file *file, const struct seep_elf_file *shared, struct seep_names *names);

/* The functions that the address is in, innermost inlined one first; returns how many. 0: it is in no known unit. */
size_t seep_debug_info_find(
	struct seep_debug_info *d, uint64_t address, struct seep_debug_frame frames[static SEEP_DEBUG_FRAMES_MAX]);

void seep_debug_info_close(struct seep_debug_info *d);

#endif

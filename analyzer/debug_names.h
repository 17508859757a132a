/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_names.h: names of functions and files out of DWARF, made readable once and then found by libdw's pointers.
 * debug_info.c asks, for each frame. One thread.
 */
#ifndef SEEP_DEBUG_NAMES_H
#define SEEP_DEBUG_NAMES_H

#include <elfutils/libdw.h>

struct seep_debug_names;
struct seep_names;

/* For DIEs and strings of one Dwarf (and what it shares), as long as that is open. Texts are kept in `names`. NULL when
 * memory ran out. */
struct seep_debug_names *seep_debug_names_open(struct seep_names *names);

/* The demangled name of a subprogram, or of the one that an inlined subroutine is an instance of, with the namespaces and
 * classes that it is in. NULL: it has none. */
const char *seep_debug_names_function(struct seep_debug_names *n, Dwarf_Die *die);

/* A path as libdw gave it for a unit, as absolute as that can make it, without "." and ".." and doubled slashes. NULL for none. */
const char *seep_debug_names_file(struct seep_debug_names *n, const char *path, Dwarf_Die *unit);

void seep_debug_names_close(struct seep_debug_names *n);

#endif

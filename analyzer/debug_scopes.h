/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_scopes.h: the namespaces and classes that functions of one compilation unit are in. Compilers give C++ functions
 * without external linkage no linkage name, only "drop" for session::drop; debug_info.c puts the rest in front. One thread.
 */
#ifndef SEEP_DEBUG_SCOPES_H
#define SEEP_DEBUG_SCOPES_H

#include <elfutils/libdw.h>

struct seep_debug_scopes;
struct seep_names;

/* Walks the unit once. NULL when memory ran out. */
struct seep_debug_scopes *seep_debug_scopes_open(Dwarf_Die *unit, struct seep_names *names);

/* "session::(anonymous namespace)::" for a function's (or its declaration's) DIE, "" for one in no scope. */
const char *seep_debug_scopes_of(const struct seep_debug_scopes *s, const Dwarf_Die *function);

void seep_debug_scopes_close(struct seep_debug_scopes *s);

#endif

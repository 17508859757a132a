/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_scopes.c: one walk through a unit's DIEs that notes where functions are. DWARF has no way from a DIE to its parent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "debug_scopes.h"
#include "memory.h"
#include "names.h"

#define DEPTH_MAX 128 /* more than compilers nest, less than the stack takes */
#define SCOPE_BYTES 2048 /* longer ones are cut in front of the next name */

/* Entries come in the order of the walk, which is that of the addresses of the DIEs in memory. */
struct entry {
	const void *die;
	const char *scope;
};

struct seep_debug_scopes {
	struct entry *entries;
	size_t count, capacity;
	struct seep_names *names;
	const char *last_die; /* the walk only goes forward */
};

/* "session::" -> "session::table::". A class without a name that has functions is nearly always a lambda's. */
static const char *scope_within(const struct seep_debug_scopes *s, const char *scope, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	char text[SCOPE_BYTES];
	int bytes;

	if (!name)
		name = dwarf_tag(die) == DW_TAG_namespace ? "(anonymous namespace)" : "{lambda}";
	bytes = snprintf(text, sizeof(text), "%s%s::", scope, name);
	return bytes < (int)sizeof(text) ? seep_names_keep(s->names, text) : scope;
}

/* What is in a function is in its namespace and class, which are those of its declaration if it was declared before. */
static const char *scope_of_function(const struct seep_debug_scopes *s, const char *scope, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die declaration;

	if ((dwarf_attr(die, DW_AT_specification, &attribute) || dwarf_attr(die, DW_AT_abstract_origin, &attribute)) &&
		dwarf_formref_die(&attribute, &declaration))
		return seep_debug_scopes_of(s, &declaration);
	return scope;
}

static int note(struct seep_debug_scopes *s, const void *die, const char *scope)
{
	if (seep_array_reserve(&s->entries, &s->capacity, s->count + 1, sizeof(*s->entries)))
		return -1;
	s->entries[s->count++] = (struct entry){die, scope};
	return 0;
}

static int walk(struct seep_debug_scopes *s, Dwarf_Die *parent, const char *scope, int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return 0;
	do {
		const char *inner = scope, *outer = scope;

		if ((const char *)die.addr <= s->last_die)
			return 0;
		s->last_die = die.addr;
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			outer = scope_of_function(s, scope, &die);
			if (*outer && note(s, die.addr, outer))
				return -1;
			__attribute__((fallthrough)); /* a class may be within a function */
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
		case DW_TAG_interface_type:
			inner = scope_within(s, outer, &die);
			if (!inner)
				return -1;
			break;
		case DW_TAG_lexical_block:
			break;
		default:
			continue;
		}
		if (walk(s, &die, inner, depth + 1))
			return -1;
	} while (!dwarf_siblingof(&die, &die));
	return 0;
}

struct seep_debug_scopes *seep_debug_scopes_open(Dwarf_Die *unit, struct seep_names *names)
{
	struct seep_debug_scopes *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->names = names;
	if (walk(s, unit, "", 0)) {
		seep_debug_scopes_close(s);
		return NULL;
	}
	return s;
}

const char *seep_debug_scopes_of(const struct seep_debug_scopes *s, const Dwarf_Die *function)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->entries[middle].die < function->addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && s->entries[low].die == function->addr ? s->entries[low].scope : "";
}

void seep_debug_scopes_close(struct seep_debug_scopes *s)
{
	if (!s)
		return;
	free(s->entries);
	free(s);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_names.c: a function's name is its linkage name, demangled, or else its plain one with its scope in front.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "debug_names.h"
#include "debug_scopes.h"
#include "demangle.h"
#include "map.h"
#include "memory.h"
#include "names.h"

/* Each map leads from a pointer into libdw's memory to a position in the array below it. */
struct seep_debug_names {
	struct seep_names *names;
	struct seep_map scopes_numbers;
	struct seep_debug_scopes **scopes; /* by unit */
	size_t scopes_count, scopes_capacity;
	struct seep_map text_numbers;
	const char **texts; /* function names by DIE, file names by libdw's string */
	size_t text_count, text_capacity;
};

struct seep_debug_names *seep_debug_names_open(struct seep_names *names)
{
	struct seep_debug_names *n = calloc(1, sizeof(*n));

	if (n)
		n->names = names;
	return n;
}

void seep_debug_names_close(struct seep_debug_names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->scopes_count; i++)
		seep_debug_scopes_close(n->scopes[i]);
	free(n->scopes);
	free(n->texts);
	seep_map_clear(&n->scopes_numbers);
	seep_map_clear(&n->text_numbers);
	free(n);
}

static const char *string_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/* Whether its language has namespaces, classes or mangled names. */
static bool has_scopes(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler:
		return false;
	default:
		return true;
	}
}

/* The DIE at the end of the references from an inlined or concrete function to where it is declared. */
static void declaration_of(Dwarf_Die *die, Dwarf_Die *declaration)
{
	*declaration = *die;
	for (int i = 0; i < 16; i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die next;

		if (!dwarf_attr(declaration, DW_AT_abstract_origin, &attribute) &&
			!dwarf_attr(declaration, DW_AT_specification, &attribute))
			return;
		if (!dwarf_formref_die(&attribute, &next))
			return;
		*declaration = next;
	}
}

/* "session::" for session::drop if its name is only "drop". */
static const char *scope_of(struct seep_debug_names *n, Dwarf_Die *die)
{
	Dwarf_Die declaration, unit;
	struct seep_debug_scopes *scopes;
	uint32_t *number;
	bool added;

	declaration_of(die, &declaration);
	if (!dwarf_diecu(&declaration, &unit, NULL, NULL) || !has_scopes(&unit))
		return "";
	number = seep_map_at(&n->scopes_numbers, 0, (uintptr_t)unit.addr, UINT32_MAX, &added);
	if (!number)
		return "";
	if (added) {
		scopes = seep_debug_scopes_open(&unit, n->names);
		if (!scopes ||
			seep_array_reserve(&n->scopes, &n->scopes_capacity, n->scopes_count + 1, sizeof(void *))) {
			seep_debug_scopes_close(scopes);
			return "";
		}
		*number = (uint32_t)n->scopes_count;
		n->scopes[n->scopes_count++] = scopes;
	}
	return *number == UINT32_MAX ? "" : seep_debug_scopes_of(n->scopes[*number], &declaration);
}

/* A linkage name knows more than the plain one, but for C: there it is an alias that the authors never call ("__GI__IO_puts"). */
static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Die unit;
	const char *linkage;

	if (!dwarf_diecu(die, &unit, NULL, NULL) || !has_scopes(&unit))
		return NULL;
	linkage = string_of(die, DW_AT_linkage_name);
	return linkage && *linkage ? linkage : string_of(die, DW_AT_MIPS_linkage_name);
}

static const char *name_read(struct seep_debug_names *n, Dwarf_Die *die)
{
	const char *linkage = linkage_name(die), *name, *kept;
	char *text = NULL;

	if (linkage && *linkage) {
		text = seep_demangle(linkage);
	} else {
		name = dwarf_diename(die);
		if (!name || !*name || strnlen(name, SEEP_DEMANGLE_READABLE_MAX) == SEEP_DEMANGLE_READABLE_MAX)
			return NULL;
		if (asprintf(&text, "%s%s", dwarf_hasattr_integrate(die, DW_AT_external) ? "" : scope_of(n, die),
			    name) < 0)
			text = NULL;
	}
	kept = text ? seep_names_keep(n->names, text) : NULL;
	free(text);
	return kept;
}

/* Where the text for a pointer into libdw's memory is or will be kept; *fresh if it is yet to be made. */
static const char **text_at(struct seep_debug_names *n, const void *pointer, bool *fresh)
{
	uint32_t *number;

	if (seep_array_reserve(&n->texts, &n->text_capacity, n->text_count + 1, sizeof(*n->texts)))
		return NULL;
	number = seep_map_at(&n->text_numbers, 0, (uintptr_t)pointer, (uint32_t)n->text_count, fresh);
	if (!number)
		return NULL;
	if (*fresh)
		n->texts[n->text_count++] = NULL;
	return &n->texts[*number];
}

const char *seep_debug_names_function(struct seep_debug_names *n, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin;
	const char **kept;
	bool fresh;

	if (!dwarf_attr(die, DW_AT_abstract_origin, &attribute) || !dwarf_formref_die(&attribute, &origin))
		origin = *die;
	kept = text_at(n, origin.addr, &fresh);
	if (!kept)
		return NULL;
	if (fresh)
		*kept = name_read(n, &origin);
	return *kept;
}

/* "/build/./src/../lib//x.c" -> "/build/lib/x.c", as text: what was a symbolic link when it was built is not known here. */
static void path_clean(char *path)
{
	bool absolute = *path == '/';
	char *start = path + absolute, *to = start;
	const char *from = start;

	while (*from) {
		size_t bytes = strcspn(from, "/"), separator = from[bytes] == '/';
		char *slash = memrchr(start, '/', (size_t)(to - start)), *last = slash ? slash + 1 : start;
		bool up = bytes == 2 && !memcmp(from, "..", 2);

		if (up && to > start && !(to - last == 2 && !memcmp(last, "..", 2))) {
			to = slash ? slash : start;
		} else if (bytes && !(bytes == 1 && *from == '.') && !(up && absolute)) {
			if (to > start)
				*to++ = '/';
			memmove(to, from, bytes);
			to += bytes;
		}
		from += bytes + separator;
	}
	*to = '\0';
}

/* libdw leaves some paths relative to the folder that the compiler ran in. */
static char *path_join(const char *path, Dwarf_Die *unit)
{
	const char *folder = *path == '/' ? NULL : string_of(unit, DW_AT_comp_dir);
	char *joined;

	if (!folder || !*folder || strnlen(folder, PATH_MAX) == PATH_MAX ||
		(*folder != '/' && !strncmp(path, folder, strlen(folder))))
		return strdup(path);
	return asprintf(&joined, "%s/%s", folder, path) < 0 ? NULL : joined;
}

const char *seep_debug_names_file(struct seep_debug_names *n, const char *path, Dwarf_Die *unit)
{
	const char **kept;
	bool fresh;
	char *clean;

	if (!path || !*path || strnlen(path, PATH_MAX) == PATH_MAX)
		return NULL;
	kept = text_at(n, path, &fresh);
	if (!kept || !fresh)
		return kept ? *kept : NULL;
	clean = path_join(path, unit);
	if (clean) {
		path_clean(clean);
		*kept = seep_names_keep(n->names, clean);
	}
	free(clean);
	return *kept;
}

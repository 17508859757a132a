/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_info.c: from an address to its unit, from there to its function, and within that to the inlined calls.
 *
 *   .debug_aranges, or else all units' ranges  ->  unit  ->  its functions' ranges  ->  the function's inlined calls
 *      libdw sorts them      read once                        read once a unit           walked for each address
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "debug_info.h"
#include "debug_names.h"
#include "debug_ranges.h"
#include "elf_file.h"
#include "map.h"
#include "memory.h"

/* DIEs within DIEs: more than compilers nest, less than the stack takes. */
#define DEPTH_MAX 128

/* Children looked at in one function for one address, and inlined calls of it: bounds what a damaged file can cost. */
#define VISITS_MAX 200000

struct unit {
	Dwarf_Die die;
	bool functions_read; /* those outside of others, which is nearly all */
	bool nested_read; /* and those within */
	struct seep_debug_ranges functions; /* value: offset of the DIE */
};

struct seep_debug_info {
	Dwarf *dwarf;
	Dwarf *shared;
	struct seep_debug_names *names;
	Dwarf_Aranges *aranges; /* NULL: there are none */
	bool unit_ranges_read;
	struct seep_debug_ranges unit_ranges; /* value: offset of the unit's DIE */

	struct seep_map unit_numbers; /* offset of the unit's DIE -> position in units */
	struct unit **units;
	size_t unit_count, unit_capacity;
};

static struct unit *unit_at_offset(struct seep_debug_info *d, Dwarf_Off offset)
{
	struct unit *unit;
	uint32_t *number;
	bool added;

	number = seep_map_at(&d->unit_numbers, 0, offset, UINT32_MAX, &added);
	if (!number)
		return NULL;
	if (!added)
		return *number == UINT32_MAX ? NULL : d->units[*number];
	unit = calloc(1, sizeof(*unit));
	if (!unit || !dwarf_offdie(d->dwarf, offset, &unit->die) ||
		seep_array_reserve(&d->units, &d->unit_capacity, d->unit_count + 1, sizeof(void *))) {
		free(unit);
		return NULL;
	}
	*number = (uint32_t)d->unit_count;
	d->units[d->unit_count++] = unit;
	return unit;
}

/* GCC writes .debug_aranges and clang does not, so a file may have them for some of its units only. */
static void unit_ranges_read(struct seep_debug_info *d)
{
	Dwarf_CU *unit = NULL;
	uint8_t type;
	Dwarf_Die die;

	if (d->unit_ranges_read)
		return;
	d->unit_ranges_read = true;
	while (!dwarf_get_units(d->dwarf, unit, &unit, NULL, &type, &die, NULL))
		if (die.addr && type != DW_UT_type && type != DW_UT_partial &&
			seep_debug_ranges_add(&d->unit_ranges, &die, dwarf_dieoffset(&die)))
			break;
	seep_debug_ranges_sort(&d->unit_ranges);
}

static struct unit *unit_of(struct seep_debug_info *d, uint64_t address)
{
	Dwarf_Arange *range = d->aranges ? dwarf_getarange_addr(d->aranges, address) : NULL;
	Dwarf_Off offset;
	uint64_t value;

	if (range && !dwarf_getarangeinfo(range, NULL, NULL, &offset)) {
		struct unit *unit = unit_at_offset(d, offset);

		if (unit)
			return unit;
	}
	unit_ranges_read(d);
	return seep_debug_ranges_find(&d->unit_ranges, address, &value) ? unit_at_offset(d, value) : NULL;
}

struct function_walk {
	struct unit *unit;
	bool nested; /* look into everything that may have a function in it */
	bool rust; /* methods are within their types */
	const char *last_die; /* the walk only goes forward */
};

static bool may_hold_functions(const struct function_walk *w, int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
		return true;
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return w->rust || w->nested;
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
		return w->nested;
	default:
		return false;
	}
}

static int functions_walk(struct function_walk *w, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return 0;
	do {
		int tag = dwarf_tag(&die);

		if ((const char *)die.addr <= w->last_die)
			return 0;
		w->last_die = die.addr;
		if (tag == DW_TAG_subprogram && seep_debug_ranges_add(&w->unit->functions, &die, dwarf_dieoffset(&die)))
			return -1;
		if (may_hold_functions(w, tag) && functions_walk(w, &die, depth + 1))
			return -1;
	} while (!dwarf_siblingof(&die, &die));
	return 0;
}

static void functions_read(struct unit *unit, bool nested)
{
	struct function_walk w = {.unit = unit, .nested = nested, .rust = dwarf_srclang(&unit->die) == DW_LANG_Rust};

	seep_debug_ranges_clear(&unit->functions);
	functions_walk(&w, &unit->die, 0);
	seep_debug_ranges_sort(&unit->functions);
	unit->functions_read = true;
	unit->nested_read = nested;
}

/* Most functions are outside of others; where one is not, the unit is walked through once more and whole. */
static bool function_of(struct seep_debug_info *d, struct unit *unit, uint64_t address, Dwarf_Die *function)
{
	uint64_t offset;

	if (!unit->functions_read)
		functions_read(unit, false);
	if (!seep_debug_ranges_find(&unit->functions, address, &offset)) {
		if (unit->nested_read)
			return false;
		functions_read(unit, true);
		if (!seep_debug_ranges_find(&unit->functions, address, &offset))
			return false;
	}
	return dwarf_offdie(d->dwarf, offset, function);
}

struct inline_walk {
	uint64_t address;
	size_t visits;
	const char *last_die;
	Dwarf_Die calls[SEEP_DEBUG_FRAMES_MAX - 1]; /* outermost first */
	size_t count;
};

static bool holds(struct inline_walk *w, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t next = 0;

	while (w->visits < VISITS_MAX && (next = dwarf_ranges(die, next, &base, &start, &end)) > 0) {
		w->visits++;
		if (w->address >= start && w->address < end)
			return true;
	}
	return false;
}

/* Follows the DIEs that hold the address. True if one was found below the parent. */
static bool inline_walk(struct inline_walk *w, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);

		if ((const char *)die.addr <= w->last_die || ++w->visits >= VISITS_MAX)
			return false;
		w->last_die = die.addr;
		if (tag == DW_TAG_inlined_subroutine) {
			if (!holds(w, &die))
				continue;
			if (w->count < sizeof(w->calls) / sizeof(w->calls[0]))
				w->calls[w->count++] = die;
			inline_walk(w, &die, depth + 1);
			return true;
		}
		if (tag != DW_TAG_lexical_block && tag != DW_TAG_try_block && tag != DW_TAG_catch_block)
			continue;
		if (holds(w, &die)) {
			inline_walk(w, &die, depth + 1);
			return true;
		}
		/* A block that the optimiser took apart has no addresses, but what is in it may have. */
		if (!dwarf_hasattr(&die, DW_AT_low_pc) && !dwarf_hasattr(&die, DW_AT_ranges) &&
			inline_walk(w, &die, depth + 1))
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static void call_site(struct seep_debug_info *d, struct unit *unit, Dwarf_Die *call, struct seep_debug_frame *frame)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Files *files;
	size_t count;

	if (!dwarf_formudata(dwarf_attr(call, DW_AT_call_line, &attribute), &number) && number <= UINT_MAX)
		frame->line = (unsigned)number;
	if (!dwarf_formudata(dwarf_attr(call, DW_AT_call_file, &attribute), &number) &&
		!dwarf_getsrcfiles(&unit->die, &files, &count) && number < count)
		frame->file = seep_debug_names_file(d->names, dwarf_filesrc(files, number, NULL, NULL), &unit->die);
}

static void line_of(struct seep_debug_info *d, struct unit *unit, uint64_t address, struct seep_debug_frame *frame)
{
	Dwarf_Line *row = dwarf_getsrc_die(&unit->die, address);
	int line;

	if (!row)
		return;
	frame->file = seep_debug_names_file(d->names, dwarf_linesrc(row, NULL, NULL), &unit->die);
	if (!dwarf_lineno(row, &line) && line > 0)
		frame->line = (unsigned)line;
}

size_t seep_debug_info_find(
	struct seep_debug_info *d, uint64_t address, struct seep_debug_frame frames[static SEEP_DEBUG_FRAMES_MAX])
{
	struct inline_walk w = {.address = address};
	struct unit *unit = unit_of(d, address);
	Dwarf_Die function;
	size_t count = 0;

	if (!unit)
		return 0;
	memset(frames, 0, SEEP_DEBUG_FRAMES_MAX * sizeof(*frames));
	line_of(d, unit, address, &frames[0]);
	if (!function_of(d, unit, address, &function))
		return frames[0].file != NULL;
	inline_walk(&w, &function, 0);
	while (w.count) {
		Dwarf_Die *call = &w.calls[--w.count];

		frames[count].function = seep_debug_names_function(d->names, call);
		call_site(d, unit, call, &frames[++count]);
	}
	frames[count].function = seep_debug_names_function(d->names, &function);
	return count + 1;
}

struct seep_debug_info *seep_debug_info_open(
	const struct seep_elf_file *file, const struct seep_elf_file *shared, struct seep_names *names)
{
	struct seep_debug_info *d = calloc(1, sizeof(*d));
	size_t count;

	if (!d)
		return NULL;
	d->names = seep_debug_names_open(names);
	d->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	if (shared)
		d->shared = dwarf_begin_elf(shared->elf, DWARF_C_READ, NULL);
	if (!d->names || !d->dwarf || (shared && !d->shared)) {
		seep_debug_info_close(d);
		return NULL;
	}
	if (d->shared)
		dwarf_setalt(d->dwarf, d->shared);
	if (dwarf_getaranges(d->dwarf, &d->aranges, &count))
		d->aranges = NULL;
	return d;
}

void seep_debug_info_close(struct seep_debug_info *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->unit_count; i++) {
		seep_debug_ranges_clear(&d->units[i]->functions);
		free(d->units[i]);
	}
	free(d->units);
	seep_map_clear(&d->unit_numbers);
	seep_debug_ranges_clear(&d->unit_ranges);
	seep_debug_names_close(d->names);
	dwarf_end(d->dwarf);
	dwarf_end(d->shared);
	free(d);
}

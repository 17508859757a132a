/* SPDX-License-Identifier: Apache-2.0
 *
 * modules.c: see modules.h. A module is told from another at the same place by its range and build-id. A file with gaps between
 * its segments is as many modules as it has segments, of one path and build-id.
 */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "segments.h"
#include "thread.h"

struct identity {
	uintptr_t start;
	uintptr_t end;
	uintptr_t bias;
	const char *path;
	uint8_t build_id[20];
	uint32_t build_id_bytes;
};

/* Finds the GNU build-id among the notes of one segment. The memory is mapped: it is the loaded image. */
static void read_notes(struct identity *module, uintptr_t notes, uintptr_t bytes)
{
	uintptr_t end = notes + bytes;

	while (notes + sizeof(ElfW(Nhdr)) <= end) {
		const ElfW(Nhdr) *note = (const void *)notes;
		uintptr_t name = notes + sizeof *note;
		uintptr_t description = name + ((note->n_namesz + 3u) & ~3u);

		notes = description + ((note->n_descsz + 3u) & ~3u);
		if (notes > end || notes < description)
			return;
		if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != 4 || memcmp((const void *)name, "GNU", 4) != 0)
			continue;
		if (note->n_descsz > sizeof module->build_id)
			return;
		module->build_id_bytes = note->n_descsz;
		memcpy(module->build_id, (const void *)description, note->n_descsz);
		return;
	}
}

static void read_build_id(struct identity *module, const struct dl_find_object *object)
{
	struct seep_segments segments = seep_segments_of(object);

	for (size_t i = 0; i < segments.count && !module->build_id_bytes; i++) {
		const ElfW(Phdr) *segment = &segments.first[i];

		if (segment->p_type == PT_NOTE && segment->p_memsz)
			read_notes(module, module->bias + segment->p_vaddr, segment->p_memsz);
	}
}

/* What is loaded at the address now. */
static bool identify(uintptr_t address, struct identity *module)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)address, &object) != 0)
		return false;
	memset(module, 0, sizeof *module);
	module->start = (uintptr_t)object.dlfo_map_start;
	module->end = (uintptr_t)object.dlfo_map_end;
	module->bias = object.dlfo_link_map->l_addr;
	module->path = object.dlfo_link_map->l_name;
	read_build_id(module, &object);
	return true;
}

static bool same(const struct seep_wire_module *known, const struct identity *now)
{
	return known->start == now->start && known->end == now->end && known->build_id_bytes == now->build_id_bytes &&
	       memcmp(known->build_id, now->build_id, now->build_id_bytes) == 0;
}

static uint32_t add(struct seep_process *process, const struct identity *now)
{
	struct seep_wire_region *region = atomic_load(&process->region);
	uint32_t number = atomic_load(&region->modules_used) + 1;
	struct seep_wire_module *module = &process->modules[number];

	if (number >= process->modules_max)
		return 0;
	module->start = now->start;
	module->end = now->end;
	module->bias = now->bias;
	module->build_id_bytes = now->build_id_bytes;
	memcpy(module->build_id, now->build_id, sizeof now->build_id);
	if (now->path)
		strncpy(module->path, now->path, sizeof module->path - 1);
	atomic_store_explicit(&region->modules_used, number, memory_order_release);
	return number;
}

/* A module went, so what is remembered by address means something else now. */
static void forget_addresses(struct seep_process *process)
{
	atomic_fetch_add(&process->generation, 1);
	seep_unwind_forget_code();
}

uint32_t seep_modules_find(struct seep_process *process, uintptr_t address)
{
	uint32_t used = atomic_load(&atomic_load(&process->region)->modules_used);
	struct identity now;

	if (!identify(address, &now))
		return 0;
	for (uint32_t i = used; i >= 1; i--) {
		struct seep_wire_module *known = &process->modules[i];

		if (atomic_load(&known->gone) || known->end <= now.start || known->start >= now.end)
			continue;
		if (same(known, &now))
			return i;
		/* Something else lies here now: the old one was unloaded where dlclose's hook could not see it. */
		atomic_store(&known->gone, 1);
		forget_addresses(process);
	}
	return add(process, &now);
}

static bool sweep(struct seep_process *process)
{
	uint32_t used = atomic_load(&atomic_load(&process->region)->modules_used);
	bool found = false;

	for (uint32_t i = 1; i <= used; i++) {
		struct seep_wire_module *known = &process->modules[i];
		struct identity now;

		if (atomic_load(&known->gone) || (identify(known->start, &now) && same(known, &now)))
			continue;
		atomic_store(&known->gone, 1);
		found = true;
	}
	return found;
}

void seep_modules_closed(void)
{
	struct seep_process *process = seep_process;

	if (!seep_thread_enter(SEEP_PLACE_RECORDER))
		return;
	seep_process_lock(process);
	if (sweep(process))
		forget_addresses(process);
	seep_process_unlock(process);
	seep_thread_leave();
}

const char *seep_modules_own_path(void)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)(uintptr_t)seep_modules_own_path, &object) != 0)
		return NULL;
	return object.dlfo_link_map->l_name;
}

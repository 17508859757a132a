/* SPDX-License-Identifier: Apache-2.0
 *
 * segments.c: see segments.h.
 */
#include "segments.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

/* The program headers of a file whose beginning is mapped here. */
static struct seep_segments segments_at(const void *start, size_t mapped)
{
	const ElfW(Ehdr) *file = start;

	if (mapped < sizeof *file || memcmp(file->e_ident, ELFMAG, SELFMAG) != 0 ||
		file->e_phentsize != sizeof(ElfW(Phdr)) || file->e_phoff > mapped ||
		file->e_phnum > (mapped - file->e_phoff) / sizeof(ElfW(Phdr)))
		return (struct seep_segments){0};
	return (struct seep_segments){(const void *)((const uint8_t *)start + file->e_phoff), file->e_phnum};
}

/* What the loader calls the object's map is all of it, or one segment if there are gaps between them. Then the beginning is
 * elsewhere: at the load address of a library, and where the kernel says of the executable. */
struct seep_segments seep_segments_of(const struct dl_find_object *object)
{
	struct dl_find_object beginning = *object;
	struct seep_segments segments;

	for (int i = 0; i < 2; i++) {
		segments = segments_at(beginning.dlfo_map_start,
			(size_t)((const uint8_t *)beginning.dlfo_map_end - (const uint8_t *)beginning.dlfo_map_start));
		if (segments.count)
			return segments;
		if (_dl_find_object((void *)object->dlfo_link_map->l_addr, &beginning) != 0 ||
			beginning.dlfo_link_map != object->dlfo_link_map)
			break;
	}
	if (object->dlfo_link_map->l_name[0])
		return (struct seep_segments){0};
	return (struct seep_segments){(const void *)getauxval(AT_PHDR), getauxval(AT_PHNUM)};
}

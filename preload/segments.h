/* SPDX-License-Identifier: Apache-2.0
 *
 * segments.h: the program headers of a loaded file, found without the loader's lock. Called by cfi_find.c and modules.c.
 */
#ifndef SEEP_PRELOAD_SEGMENTS_H
#define SEEP_PRELOAD_SEGMENTS_H

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>

struct seep_segments {
	const ElfW(Phdr) * first;
	size_t count; /* 0: not found */
};

/* Addresses in them are in the file: the object's l_addr is to be added. */
struct seep_segments seep_segments_of(const struct dl_find_object *object);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * modules.h: which loaded file an address belongs to, as the region's append-only list of modules. Called on the slow path of
 * stacks.c (under its lock) and after dlclose. Takes none of the loader's locks: glibc's _dl_find_object has none.
 */
#ifndef SEEP_PRELOAD_MODULES_H
#define SEEP_PRELOAD_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"

/* The number of the module that holds the address now, 0: none (or the list is full). Adds it to the list where it is new.
 * Under the process's lock. */
uint32_t seep_modules_find(struct seep_process *process, uintptr_t address);

/* After a dlclose: marks the modules that are not loaded any more. What any thread remembers by address is then void. */
void seep_modules_closed(void);

/* Path of libseep.so as the loader knows it, NULL: unknown. */
const char *seep_modules_own_path(void);

#endif

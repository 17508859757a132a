/* SPDX-License-Identifier: Apache-2.0
 *
 * start_memory.h: memory that the C and C++ libraries keep until the end of any program that uses them: buffers of stdout,
 * locales, name service, the loader's lists. Nobody can free it and it is no leak of the program. gate_stacks.c asks. Any
 * thread.
 */
#ifndef SEEP_START_MEMORY_H
#define SEEP_START_MEMORY_H

#include <stddef.h>

#include "gate_stack.h"

/* Why the blocks of this stack are such memory, in words for people; NULL: they are not. */
const char *seep_start_memory_reason(const struct seep_gate_stack *stack);

#endif

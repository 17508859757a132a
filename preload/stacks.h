/* SPDX-License-Identifier: Apache-2.0
 *
 * stacks.h: the stack tree. Called by the thread that owns `thread`, inside the recorder.
 */
#ifndef SEEP_PRELOAD_STACKS_H
#define SEEP_PRELOAD_STACKS_H

#include "thread.h"

#define SEEP_KIN_BYTES UINT64_C(8) /* of a node, in the process's table */

/* For process.c, when nodes_max is known. False: no memory. */
bool seep_stacks_start(struct seep_process *process);

/* Slow path of a lookup: the process's table, and a new node where the child is new. Never 0: where the tree is full the
 * parent itself comes back, and is counted. */
uint32_t seep_stacks_child(struct seep_thread *thread, uint32_t parent, uintptr_t address);

/* The calling hook's stack as a node of the tree. */
uint32_t seep_stacks_capture(struct seep_thread *thread, const struct seep_unwind_start *start);

#endif

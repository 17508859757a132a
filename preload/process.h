/* SPDX-License-Identifier: Apache-2.0
 *
 * process.h: what the shim knows of the whole process: the mapped region and whether to record at all.
 */
#ifndef SEEP_PRELOAD_PROCESS_H
#define SEEP_PRELOAD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "seep/wire.h"

/* Lives in wiped memory: a forked child, however it was made, finds it all zero and so `region` NULL.
 * region is set last (release), when everything else stands. */
struct seep_process {
	struct seep_wire_region *_Atomic region;
	_Atomic(uint64_t) *shards;
	struct seep_wire_module *modules;
	struct seep_wire_node *nodes;
	struct seep_wire_segment *segments;
	struct seep_thread *_Atomic *threads; /* the private half of segment i, wiped too */
	uint32_t modules_max;
	uint32_t nodes_max;
	_Atomic uint32_t segments_max;
	uint32_t depth_limit;
	uint32_t on_full;
	uint32_t pid;
	_Atomic uint32_t starting; /* somebody of this process asks for its region, or has given up */
	_Atomic uint32_t stopped;
	struct seep_guard *_Atomic interrupted; /* whose hook a fork interrupted: see process.c */
	_Atomic uint32_t generation; /* of the loaded modules: caches keyed by address are void when it changes */
	_Atomic(void *) lock_owner; /* the holder's struct seep_thread */
	_Atomic uint32_t lock; /* 0 free, 1 taken, 2 taken and somebody sleeps */
	struct seep_kin *kin; /* see stacks.c, as the next */
	_Atomic(struct seep_index *) index;
	uint64_t sample_bytes; /* 0: record every block */
	_Atomic(uint8_t) *sample_filter; /* see samples.c, as the next */
	struct seep_samples_set *samples;
};

/* NULL before the start, and for good in a process that is not recorded. */
extern struct seep_process *seep_process;

/* The region's owner, for a thread that is not attached yet: starts the recording of a forked child at its first call.
 * NULL: don't record. */
struct seep_process *seep_process_recording(void);

/* Gives back what is not in use of the address space that the region and its private companions take, until that is no more than so many
 * bytes, if it can: the program has limited itself. It will then have room for fewer stacks and threads. */
void seep_process_shrink(uint64_t bytes);

/* The collector is gone: record nothing more, for good. */
void seep_process_stop(void);
bool seep_process_collector_died(const struct seep_process *process);

/* Guards what is appended to the region: nodes and modules. Only within the recorder; nothing that could take another lock
 * is called under it. */
void seep_process_lock(struct seep_process *process);
void seep_process_unlock(struct seep_process *process);
/* If the calling thread jumped out of the recorder while it held the lock: gives it back. */
void seep_process_unlock_left(struct seep_process *process);

/* Tells the collector that a thread can't wake it. */
void seep_process_silent(void);

/* Counts an allocation or a free that could not be recorded. */
void seep_process_unrecorded(void);

#endif

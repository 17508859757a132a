/* SPDX-License-Identifier: Apache-2.0
 *
 * thread.c: gives segments to threads. Called once a thread. A segment is free again when its owner is dead, which the kernel
 * tells; no destructor does, because a thread allocates and frees until its very end. The new owner goes on where the
 * old one ended: nursery, folds and ring mean the same whoever fills them.
 */
#include "thread.h"

#include <signal.h>

#include "kernel.h"

static struct seep_thread empty; /* constant: all zero, never written */

__thread struct seep_guard seep_guard __attribute__((tls_model("initial-exec"))) = {.thread = &empty};

/* How many segments a new thread asks after before it takes a fresh one: keeps the number of segments near that
 * of live threads, at a bounded price. */
#define CANDIDATES 16

#define NOBODY UINT32_MAX /* as the owner: no thread's id, and not 0, which is that of a segment never used */

static bool owner_is_dead(const struct seep_process *process, uint32_t owner, uint32_t self)
{
	/* A living thread never finds its own id on a segment: it would be attached. */
	return owner == self || owner == NOBODY || seep_kernel(tgkill, process->pid, owner, 0) == -ESRCH;
}

static struct seep_wire_segment *take_over(struct seep_process *process, uint32_t used, uint32_t self)
{
	static _Atomic uint32_t next;
	uint32_t count = used < CANDIDATES ? used : CANDIDATES;

	while (count--) {
		uint32_t i = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % used;
		struct seep_wire_segment *segment = &process->segments[i];
		uint32_t owner = atomic_load(&segment->owner);

		if (owner && owner_is_dead(process, owner, self) &&
			atomic_compare_exchange_strong(&segment->owner, &owner, self))
			return segment;
	}
	return NULL;
}

static struct seep_wire_segment *take_fresh(struct seep_process *process, uint32_t self)
{
	struct seep_wire_region *region = atomic_load(&process->region);
	uint32_t used = atomic_load(&region->segments_used);

	do
		if (used >= atomic_load(&process->segments_max))
			return NULL;
	while (!atomic_compare_exchange_weak(&region->segments_used, &used, used + 1));
	if (used >= atomic_load(&process->segments_max)) /* they may have become fewer: see seep_process_shrink */
		return NULL;
	atomic_store(&process->segments[used].owner, self);
	return &process->segments[used];
}

/* A signal handler that jumps out of a hook (siglongjmp) leaves the thread marked as inside for ever. The hook's frame
 * is gone when the frame of another one is in its place or further out on the same stack; a handler on a stack of its own proves
 * nothing. */
static bool hook_was_left(uintptr_t frame)
{
	stack_t alternate;

	if (frame < seep_guard.stack)
		return false;
	return seep_kernel(sigaltstack, NULL, &alternate) == 0 && !(alternate.ss_flags & SS_ONSTACK);
}

struct seep_thread *seep_thread_nested(enum seep_thread_place place, uintptr_t frame)
{
	if (hook_was_left(frame)) {
		if (seep_process)
			seep_process_unlock_left(seep_process);
		seep_guard.place = SEEP_PLACE_PROGRAM;
		return seep_thread_enter_at(place, frame);
	}
	if (seep_guard.place == SEEP_PLACE_RECORDER)
		seep_process_unrecorded();
	return NULL;
}

static void lead_to(struct seep_thread *thread, struct seep_process *process, struct seep_wire_segment *segment)
{
	thread->sample_bytes = process->sample_bytes;
	thread->shards = process->shards;
	thread->tick = &atomic_load(&process->region)->tick;
	thread->modules_generation = &process->generation;
	thread->segment = segment;
}

void seep_thread_end_hook(struct seep_process *process)
{
	if (seep_guard.attached)
		lead_to(seep_guard.attached, process, &process->segments[0]);
	seep_thread_detach();
}

struct seep_thread *seep_thread_attach(void)
{
	struct seep_process *process = seep_process_recording();
	struct seep_wire_segment *segment = NULL;
	struct seep_thread *thread;
	long id;
	uint32_t self, used, most;

	if (!process)
		return NULL;
	id = seep_kernel(gettid);
	if (id < 0) {
		seep_process_unrecorded();
		return NULL;
	}
	self = (uint32_t)id;
	used = atomic_load(&atomic_load(&process->region)->segments_used);
	/* Whoever came too late after a shrinking has counted one that is not there. */
	most = atomic_load(&process->segments_max);
	used = used < most ? used : most;
	if (used)
		segment = take_over(process, used, self);
	if (!segment)
		segment = take_fresh(process, self);
	if (!segment) {
		seep_process_unrecorded();
		return NULL;
	}
	thread = atomic_load(&process->threads[segment - process->segments]);
	if (!thread) {
		thread = seep_kernel_memory(sizeof *thread, SEEP_THREAD_WIPED);
		if (!thread) {
			atomic_store(&segment->owner, NOBODY); /* the next thread tries again */
			seep_process_unrecorded();
			return NULL;
		}
		atomic_store(&process->threads[segment - process->segments], thread);
	}
	seep_guard.attached = thread;
	/* What the last owner remembered of its own stack is not to be touched: that memory may be gone. */
	seep_unwind_forget(&thread->unwinder);
	thread->tag = 0;
	lead_to(thread, process, segment);
	seep_guard.thread = thread;
	atomic_signal_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&process->interrupted, memory_order_relaxed))
		seep_thread_detach();
	return thread;
}

void seep_thread_detach(void)
{
	seep_guard.thread = &empty;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * ring.c: what a push does when it may not simply write: at every half ring it looks whether the collector sleeps, and at
 * a full one it waits, drops, or finds that there is no collector any more.
 */
#include "ring.h"

#include <string.h>

#include "kernel.h"

#define WAIT_MS 100

/* Lets the producer run to the end of the room, but no further than half a ring before it looks here again. */
static void set_limit(struct seep_thread *thread)
{
	uint64_t end = atomic_load_explicit(&thread->segment->tail, memory_order_acquire) + SEEP_WIRE_RING_UNITS;
	uint64_t half = thread->head + SEEP_WIRE_RING_UNITS / 2;

	thread->limit = end < half ? end : half;
}

static void ring_doorbell(struct seep_wire_region *region)
{
	if (!atomic_load(&region->sleeping))
		return;
	atomic_fetch_add(&region->doorbell, 1);
	seep_kernel_wake(&region->doorbell);
}

/* Sleeps until there is room. False: there is no collector. */
static bool wait_for_room(struct seep_thread *thread, struct seep_process *process, unsigned units)
{
	struct seep_wire_segment *segment = thread->segment;

	for (;;) {
		atomic_store(&segment->waiting, 1);
		set_limit(thread);
		if (thread->head + units <= thread->limit)
			return true;
		if (atomic_load(&process->stopped) || seep_process_collector_died(process))
			return false;
		ring_doorbell(atomic_load(&process->region));
		seep_kernel_wait(&segment->waiting, 1, WAIT_MS);
	}
}

static bool report_dropped(struct seep_thread *thread, unsigned units)
{
	if (thread->head + units + 1 > thread->limit)
		return false;
	seep_ring_put(thread, 0, seep_ring_word(SEEP_RECORD_DROPPED, 0), thread->dropped);
	seep_ring_commit(thread, 1);
	thread->dropped = 0;
	return true;
}

bool seep_ring_room(struct seep_thread *thread, unsigned units)
{
	struct seep_process *process = seep_process;

	if (atomic_load_explicit(&process->stopped, memory_order_relaxed)) {
		seep_thread_detach();
		return false;
	}
	ring_doorbell(atomic_load(&process->region));
	set_limit(thread);
	if (thread->head + units > thread->limit && !process->on_full && !wait_for_room(thread, process, units)) {
		seep_process_stop();
		seep_thread_detach();
		return false;
	}
	if (thread->head + units <= thread->limit && (!thread->dropped || report_dropped(thread, units)))
		return true;
	if (seep_process_collector_died(process))
		seep_process_stop();
	thread->dropped++;
	atomic_fetch_add_explicit(&thread->segment->dropped, 1, memory_order_relaxed);
	/* Keeps this the slow path until the loss is written down. */
	thread->limit = thread->head;
	return false;
}

void seep_ring_push_mark(struct seep_thread *thread, const char *name)
{
	size_t length = strnlen(name, SEEP_WIRE_MARK_BYTES);
	unsigned units = 1 + (unsigned)(length + sizeof(struct seep_wire_unit) - 1) / sizeof(struct seep_wire_unit);
	/* A tick of its own, so that births tell what came before from what comes after. */
	uint32_t tick = atomic_fetch_add(&atomic_load(&seep_process->region)->tick, 1) + 1;

	if (!seep_ring_reserve(thread, units))
		return;
	seep_ring_put(thread, 0, seep_ring_word(SEEP_RECORD_MARK, length), tick);
	for (unsigned unit = 1; unit < units; unit++) {
		struct seep_wire_unit text = {0, 0};
		size_t at = (unit - 1) * sizeof text;

		memcpy(&text, name + at, length - at < sizeof text ? length - at : sizeof text);
		seep_ring_put(thread, unit, text.a, text.b);
	}
	seep_ring_commit(thread, units);
}

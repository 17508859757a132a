/* SPDX-License-Identifier: Apache-2.0
 *
 * thread.h: the guard. One initial-exec thread-local pointer leads to what a thread needs. Before the thread's first call it
 * points at a constant empty one, and in a forked child all are wiped to the same zeros: "not yet", "forked" and "full" are
 * one slow path, and the fast path has no branch of its own for any of them.
 */
#ifndef SEEP_PRELOAD_THREAD_H
#define SEEP_PRELOAD_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"
#include "unwind.h"

#define SEEP_NODE_CACHE 512u
#define SEEP_THREAD_WIPED 4096

/* A child in the stack tree that this thread looked up lately. */
struct seep_node_cache {
	uintptr_t address; /* 0: empty */
	uint32_t parent;
	uint32_t node;
};

/* The private half of a segment. It stays with the segment when a later thread takes that over. A forked child finds its first
 * page wiped. The rest a capture needs that a signal handler interrupted to fork: it goes on in the child, and follows pointers. */
struct seep_thread {
	struct seep_wire_segment *segment; /* NULL: empty or wiped */
	_Atomic(uint64_t) *shards; /* the process's, as the next two: here to be at hand */
	const _Atomic uint32_t *tick;
	const _Atomic uint32_t *modules_generation;
	uint64_t head; /* ring units written */
	uint64_t limit; /* head may go up to here before ring.c has to look: 0 when empty */
	uint64_t dropped; /* since the last DROPPED record */
	uint64_t sample_bytes; /* 0: record every block */
	int64_t sample_gap; /* bytes up to the next sample */
	uint64_t sample_random; /* state; 0: no gap drawn yet */
	uint32_t tag;
	uint32_t generation; /* of the modules when the caches below were filled */
	_Alignas(SEEP_THREAD_WIPED) struct seep_node_cache nodes[SEEP_NODE_CACHE];
	struct seep_unwinder unwinder;
};

enum seep_thread_place {
	SEEP_PLACE_PROGRAM = 0,
	SEEP_PLACE_ALLOCATOR = 1, /* in the real call: what that calls in turn is its own affair and not recorded */
	SEEP_PLACE_RECORDER = 2, /* what a signal handler allocates meanwhile passes by, and is counted */
};

/* place and stack are no part of struct seep_thread because they must survive a fork within a signal handler. */
struct seep_guard {
	struct seep_thread *thread;
	struct seep_thread *attached; /* the last one that was not the empty one: a hook may be using it still */
	uintptr_t stack; /* address of the frame that entered */
	uint8_t place; /* enum seep_thread_place */
};

extern __thread struct seep_guard seep_guard __attribute__((tls_model("initial-exec")));

/* Slow path: the calling thread's own, attached on its first call. NULL: don't record (not started, over a limit, stopped). */
struct seep_thread *seep_thread_attach(void);

/* The recording has stopped: the calling thread's next call finds the empty thread again. What it holds stays valid. */
void seep_thread_detach(void);

/* In a forked child whose thread is in a hook: lets the hook go on in the given process's memory, for the last time. */
void seep_thread_end_hook(struct seep_process *process);

/* Slow path of seep_thread_enter, where the thread seems to be in a hook already. frame: of the hook that is entered now. */
struct seep_thread *seep_thread_nested(enum seep_thread_place place, uintptr_t frame);

static inline struct seep_thread *seep_thread_enter_at(enum seep_thread_place place, uintptr_t frame)
{
	struct seep_guard *guard = &seep_guard;
	struct seep_thread *thread = guard->thread;

	if (__builtin_expect(guard->place != SEEP_PLACE_PROGRAM, 0))
		return seep_thread_nested(place, frame);
	guard->place = (uint8_t)place;
	guard->stack = frame;
	atomic_signal_fence(memory_order_seq_cst);
	if (__builtin_expect(!thread->segment, 0)) {
		thread = seep_thread_attach();
		if (!thread)
			guard->place = SEEP_PLACE_PROGRAM;
	}
	return thread;
}

/* Begins a hook: NULL if this call is not to be recorded. Otherwise seep_thread_leave must follow. To be inlined in the hook
 * itself, like whatever calls it: hooks are told from each other by their frames. */
static inline __attribute__((always_inline)) struct seep_thread *seep_thread_enter(enum seep_thread_place place)
{
	return seep_thread_enter_at(place, (uintptr_t)__builtin_frame_address(0));
}

static inline void seep_thread_move(enum seep_thread_place place)
{
	atomic_signal_fence(memory_order_seq_cst);
	seep_guard.place = (uint8_t)place;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void seep_thread_leave(void)
{
	seep_thread_move(SEEP_PLACE_PROGRAM);
}

#endif

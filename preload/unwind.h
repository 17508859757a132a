/* SPDX-License-Identifier: Apache-2.0
 *
 * unwind.h: the call stack of a hook's caller. Each thread has an unwinder of its own, which remembers the last stack that it
 * captured: the outer part that is proven unchanged is neither walked nor looked up again. Of stacks that came more than once it
 * remembers the node.
 *
 *	void *malloc(size_t bytes)
 *	{
 *		SEEP_UNWIND_START(start);
 *		...
 *		node = seep_unwind_recall(&unwinder, &start, depth_limit, &end);
 *		if (!node) {
 *			count = seep_unwind_capture(&unwinder, &start, depth_limit, &unchanged, &end);
 *			node = unchanged ? unwinder.frames[count - unchanged].node : ...the root, or what stands for `end`;
 *			for (i = count - unchanged; i-- > 0;)
 *				node = unwinder.frames[i].node = child(node, unwinder.frames[i].return_address);
 *			seep_unwind_remember(&unwinder);
 *		}
 *
 * A capture takes no lock, allocates nothing and leaves errno alone; in the common case it makes no system call. It may run
 * in a signal handler, but not while another capture of the same unwinder is under way. No frame of libseep.so is reported.
 *
 * unwind_x86_64.c says how it works. On other architectures, and with seep_unwind_start(true), libunwind does all the work;
 * that is slow, takes the loader's lock, and is there for comparison and to be complete.
 */
#ifndef SEEP_PRELOAD_UNWIND_H
#define SEEP_PRELOAD_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "seep/wire.h"

/* Where the caller of a hook stands. */
struct seep_unwind_start {
	uintptr_t return_address; /* of the hook */
	uintptr_t cfa; /* its stack pointer once the hook has returned */
	uintptr_t frame_pointer; /* its frame pointer register */
};

/* Declares `name` and fills it in. Only in the hook itself: in the function that the program calls, which must not be inlined,
 * or in one that is always inlined there. Asking for the own frame address makes the compiler keep a frame pointer in
 * this one function, whatever the flags: so the caller's is found where the own one points to. */
#define SEEP_UNWIND_START(name) \
	struct seep_unwind_start name = { \
		(uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)), \
		(uintptr_t)__builtin_dwarf_cfa(), \
		*(const uintptr_t *)__builtin_frame_address(0), \
	}

enum seep_unwind_end {
	SEEP_UNWIND_COMPLETE = 0, /* the last frame is the thread's outermost */
	SEEP_UNWIND_TRUNCATED, /* cut at depth_limit: the outer frames are missing */
	SEEP_UNWIND_LOST, /* no way outwards from the last frame, for example code without unwind tables */
};

/* One frame of the last capture. Between the two things that the owner needs is the unwinder's own. */
struct seep_unwind_frame {
	uintptr_t
		return_address; /* in the first frame, that of the hook. Of a frame that a signal interrupted: its next instruction */
	uintptr_t slot; /* where return_address stands in memory */
	uintptr_t frame_pointer; /* rbp in this frame */
	uint32_t arrival; /* how the walk came here */
	uint32_t node; /* the owner's: what stands for the stack from the outermost frame to this one; not 0 */
};

/* Of a frame's arrival: a signal interrupted it, or it is the one between a handler and what that interrupted. */
#define SEEP_UNWIND_INTERRUPTED (1u << 27)

/* What stands for the frame in a stack: the address after its call. Of a frame that was interrupted, the one after the first
 * byte of the instruction that was to be next: whoever looks for the call looks just before, and an instruction is not
 * the one before it, which may be another line's or even another function's. */
static inline uintptr_t seep_unwind_after_call(const struct seep_unwind_frame *frame)
{
	return frame->return_address + !!(frame->arrival & SEEP_UNWIND_INTERRUPTED);
}

#define SEEP_UNWIND_MEMOS 120u /* so many that a busy thread takes 300 KB in all */
#define SEEP_UNWIND_MEMO_WORDS 32u

/* A stack that was met more than once: how it begins, and which words it is made of. */
struct seep_unwind_memo {
	uintptr_t return_address; /* of the first frame, as the next two */
	uintptr_t slot;
	uintptr_t frame_pointer; /* compared if it is live */
	uintptr_t null_slot; /* as the unwinder's */
	uint32_t node; /* of the whole stack */
	uint8_t live;
	uint8_t end;
	uint8_t count; /* frames */
	uint8_t words;
	uint8_t in_vain; /* times that only the first frame was the same, since the whole stack was */
	uint8_t used; /* 1: it has been recalled */
	uint32_t offsets[SEEP_UNWIND_MEMO_WORDS]; /* of the words from slot on, in bytes */
	uintptr_t expected[SEEP_UNWIND_MEMO_WORDS];
};

/* All zero is a valid empty one. Some 125 KB, of which a thread touches what its deepest stack needs (64 bytes a frame), a page
 * or two, and the memos of stacks that come again: take it from the kernel. */
struct seep_unwinder {
	struct seep_unwind_frame *frames; /* of the last capture, the leaf first */
	struct seep_unwind_frame *checked; /* of those inside of this one only the return address has to be compared */
	uint32_t generation; /* of the code, when frames were captured; 0: there are none */
	uint32_t end;
	uint32_t count;
	uintptr_t null_slot; /* where the null stands that the stack ended with, if it did */
	uintptr_t readable[4][2]; /* parts of stacks known to be mapped: first byte, end; the current one first */
	struct seep_unwind_frame fresh[SEEP_WIRE_DEPTH_MAX]; /* the part of a stack that is being walked */
	struct seep_unwind_frame kept[SEEP_WIRE_DEPTH_MAX + 1]; /* frames points into this: a stack ends at its end */
	uint32_t walks; /* to stacks that had not come just before */
	uint32_t interval; /* of these, how many go by between two that get a memo; a power of 2 minus 1 */
	uint32_t seen[SEEP_UNWIND_MEMOS]; /* the node of the last captured stack that has its place there */
	uint32_t generations[SEEP_UNWIND_MEMOS]; /* of the code, when the memo was written; 0: there is none */
	struct seep_unwind_memo memos[SEEP_UNWIND_MEMOS];
	_Alignas(16) unsigned char scratch[8192]; /* where tables are read and libunwind keeps its cursor */
};

/* Once, from a constructor: with `oracle`, and on other architectures, it opens libunwind with dlopen. False: that is not
 * installed. */
bool seep_unwind_start(bool oracle);

/* The node of the stack outwards from `start` if it is the last one, or one that was remembered; else 0. */
uint32_t seep_unwind_recall(struct seep_unwinder *unwinder, const struct seep_unwind_start *start, unsigned depth_limit,
	enum seep_unwind_end *end);

/* Captures the stack outwards from `start`, at most depth_limit frames (1 .. SEEP_WIRE_DEPTH_MAX) from the leaf, into
 * unwinder->frames. Returns how many there are, at least 1; *unchanged says of how many of the outermost ones `node` still
 * holds: these frames, and how the stack ends, are the same as in the last capture. The caller writes the node of all others,
 * the outermost first. A frame whose node is still 0 (because a signal handler jumped out of the hook) never counts as unchanged. */
unsigned seep_unwind_capture(struct seep_unwinder *unwinder, const struct seep_unwind_start *start,
	unsigned depth_limit, unsigned *unchanged, enum seep_unwind_end *end);

/* Once all nodes of a capture have been written: it may come again. */
void seep_unwind_remember(struct seep_unwinder *unwinder);

/* Forgets all stacks and where the last one was: its nodes are void, or another thread takes the unwinder over. */
void seep_unwind_forget(struct seep_unwinder *unwinder);

/* Forgets what is known of code, and with it every thread's last stack: to be called whenever a module was unloaded.
 * Any thread, any time. */
void seep_unwind_forget_code(void);

#endif

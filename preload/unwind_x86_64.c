/* SPDX-License-Identifier: Apache-2.0
 *
 * unwind_x86_64.c: see unwind.h. The walk from the leaf outwards by rows (rows.h), and what of the last stack need not be walked.
 * Runs in every recorded allocation, on any thread, in any signal handler; detour.h has what is rare.
 *
 * WHY REUSE IS RIGHT. Say that a frame's state is (pc, slot, rbp): its return address, the place where that stands, the value
 * that rbp has in it; rsp is slot + 8. The step to the caller is a function of that state, of the code's tables and of the
 * words of memory that the step reads, and of nothing else: which words these are is in the state and the tables, too. A plain
 * step reads the return address at CFA - 8, and the saved rbp if the callee saved it; a realigned one the word that holds the CFA.
 *
 * Now let the walk stand on a frame whose state is one of the last stack. Inductively, if the state of a frame is the same and the
 * words that the step reads are, the state of its caller is the same. So it is enough to compare words, from here outwards,
 * in this order. The order also makes it safe: each address that is read is one that the walk itself would read, since all
 * that leads to it has been compared already. (Slots of the last stack as such may be long unmapped: it may be another fibre's.)
 * If all words to the outermost frame are equal, all frames are the same ones, and so are their nodes.
 *
 * The tables are the same as long as the generation is. rbp needs care: most code does not use it for frames, so most of its
 * values differ from call to call and must not count. The value in a frame is LIVE if that frame's CFA counts from it, or if it
 * goes on to the caller unchanged and is live there. Only live values make a difference to where anything is; a value that is
 * not live is left out of the state, and its word out of the comparison. Liveness follows from the frames outside of the one in
 * question alone, so it stays right for frames that are kept. At an outermost end nothing is live any more. At any other (cut,
 * or lost) everything is: the walk may go on from there another time.
 *
 * Three kinds of frames stay outside of this. What a signal interrupted has an rsp of its own (INTERRUPTED: its state
 * is never compared); steps that take other registers, or words that don't fit the few bits kept for them, are UNPROVEN: the
 * comparison ends before the frame that they lead to, and the walk makes the step anew.
 */
#include "unwind.h"

#include "detour.h"
#include "oracle.h"
#include "rows.h"

#include <ucontext.h>

/* Flags of a remembered frame. The first two and UNPROVEN speak of the step into it, the others of itself. */
enum {
	SAVED = SEEP_ROW_RBP_SAVED, /* rbp was read from memory */
	REALIGNED = 4, /* so was the CFA */
	UNPROVEN = 8,
	USES = 16, /* its CFA counts from rbp */
	LIVE = 32,
	INTERRUPTED = 64,
	CHECKED = 128, /* more than the return address has to be compared */
};

#define WORD sizeof(uintptr_t)
#define FIRST_ADDRESS 4096u /* that code can have, and the end */
#define LAST_ADDRESS (UINT64_C(1) << 56)

/* How the walk came to a frame: what a remembered frame holds of the step into it. */
struct arrival {
	int16_t saved;
	int8_t cfa_word;
	uint8_t flags;
};

/* One capture. What the loop works with stands in variables of its own; this is what the rest shares. */
struct capture {
	struct seep_unwinder *unwinder;
	const struct seep_unwind_start *start;
	unsigned used; /* frames in unwinder->fresh */
	uint32_t generation;
	uintptr_t proven; /* see seep_detour_chain */
	bool live_at_end;
};

static bool by_libunwind;

bool seep_unwind_start(bool libunwind)
{
	by_libunwind = libunwind && seep_oracle_open();
	return by_libunwind == libunwind;
}

void seep_unwind_forget(struct seep_unwinder *unwinder)
{
	unwinder->generation = 0;
	for (unsigned i = 0; i < sizeof unwinder->readable / sizeof unwinder->readable[0]; i++)
		unwinder->readable[i][0] = unwinder->readable[i][1] = 0;
}

void seep_unwind_forget_code(void)
{
	uint32_t next;
	uint32_t generation = atomic_load(&seep_rows_generation);

	do
		next = generation + 1 ? generation + 1 : 1;
	while (!atomic_compare_exchange_weak(&seep_rows_generation, &generation, next));
	if ((uint16_t)next == 0) /* keys hold so many bits of it */
		for (unsigned i = 0; i < SEEP_ROWS; i++)
			atomic_store(&seep_rows[i].check, 0);
}

static struct seep_unwind_frame *end_of_kept(struct seep_unwinder *unwinder)
{
	return &unwinder->kept[SEEP_WIRE_DEPTH_MAX];
}

static uintptr_t word_at(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

static uintptr_t saved_rbp(const struct seep_unwind_frame *frame)
{
	return word_at(frame->slot + (uintptr_t)(frame->saved * (intptr_t)WORD));
}

/* Whether the step into this frame reads what it read then, the return address aside. */
static bool same_arrival(const struct seep_unwind_frame *frame)
{
	uintptr_t saved = frame->slot + (uintptr_t)(frame->saved * (intptr_t)WORD);

	if (frame->flags & UNPROVEN)
		return false;
	if (frame->flags & REALIGNED &&
		word_at(saved + (uintptr_t)(frame->cfa_word * (intptr_t)WORD)) != frame->slot + WORD)
		return false;
	return !(frame->flags & LIVE) || !(frame->flags & SAVED) || word_at(saved) == frame->frame_pointer;
}

static bool same_state(const struct seep_unwind_frame *frame, const struct seep_place *place)
{
	return frame->slot == place->slot && frame->return_address == place->pc && frame->node &&
	       !(frame->flags & INTERRUPTED) && (!(frame->flags & LIVE) || frame->frame_pointer == place->rbp);
}

/* The first frame outside of `frame`, which is on the stack, that is not the same any more, or end. *moved: only its return
 * address differs, so that it is known where it is. */
static struct seep_unwind_frame *first_changed(
	struct seep_unwind_frame *frame, const struct seep_unwind_frame *end, bool *moved)
{
	*moved = false;
	for (frame++; frame != end; frame++) {
		if (frame->flags & CHECKED && !same_arrival(frame))
			break;
		if (word_at(frame->slot) != frame->return_address) {
			*moved = true;
			break;
		}
	}
	return frame;
}

static struct arrival arrival_of(const struct seep_unwind_frame *frame)
{
	return (struct arrival){.saved = frame->saved,
		.cfa_word = frame->cfa_word,
		.flags = frame->flags & (SAVED | REALIGNED | UNPROVEN)};
}

/* Moves the place from frame `from`, where it is, to frame `to` of the last stack, which differs from it in its return address at
 * most. The frames in between come with it, up to `limit`. False: that is where it ended. */
static bool move_along(struct capture *capture, const struct seep_unwind_frame *from,
	const struct seep_unwind_frame *to, unsigned limit, struct seep_place *place, struct arrival *arrival)
{
	for (;; from++) {
		if (from == to)
			return true;
		if (capture->used == limit)
			return false;
		capture->unwinder->fresh[capture->used++] = (struct seep_unwind_frame){.return_address = place->pc,
			.slot = place->slot,
			.frame_pointer = place->rbp,
			.saved = arrival->saved,
			.cfa_word = arrival->cfa_word,
			.flags = arrival->flags | (from->flags & USES)};
		*arrival = arrival_of(&from[1]);
		place->slot = from[1].slot;
		place->pc = word_at(place->slot);
		place->rsp = place->slot + WORD;
		if (arrival->flags & SAVED)
			place->rbp = saved_rbp(&from[1]);
	}
}

/* What became of a step. NULL_ADDRESS: the frame is the outermost because nothing but a null stands where it would return to. */
enum outcome { MOVED, OUTERMOST, NULL_ADDRESS, NO_WAY };

/* Whether a step may read here. Stacks grow downwards, so a caller is found upwards, unless it is on another stack. */
static bool may_read(struct seep_unwinder *unwinder, uintptr_t rsp, uintptr_t address)
{
	return seep_detour_readable(unwinder, address) &&
	       (address >= rsp ||
		       rsp - unwinder->readable[0][0] >= unwinder->readable[0][1] - unwinder->readable[0][0]);
}

static bool seen_before(const struct seep_unwinder *unwinder, uintptr_t rsp, uintptr_t address)
{
	return address - rsp < unwinder->readable[0][1] - rsp && address % WORD == 0;
}

__attribute__((noinline, cold)) static bool may_step(
	struct seep_unwinder *unwinder, uintptr_t rsp, uintptr_t saved, uintptr_t slot)
{
	return may_read(unwinder, rsp, saved) && may_read(unwinder, rsp, slot);
}

static enum outcome leave_realigned(
	struct seep_unwinder *unwinder, seep_row row, struct seep_place *place, struct arrival *arrival)
{
	uintptr_t cfa_word = place->rbp + (uintptr_t)seep_row_offset(row);
	uintptr_t saved = place->rbp + (uintptr_t)seep_row_saved(row);
	intptr_t saved_distance;
	intptr_t cfa_distance;
	uintptr_t slot;

	if (!may_step(unwinder, place->rsp, saved, cfa_word))
		return NO_WAY;
	slot = word_at(cfa_word) - WORD;
	if (!may_read(unwinder, place->rsp, slot))
		return NO_WAY;
	saved_distance = (intptr_t)(saved - slot) / (intptr_t)WORD;
	cfa_distance = (intptr_t)(cfa_word - saved) / (intptr_t)WORD;
	*arrival = (struct arrival){
		.saved = (int16_t)saved_distance, .cfa_word = (int8_t)cfa_distance, .flags = SAVED | REALIGNED};
	if (arrival->saved != saved_distance || arrival->cfa_word != cfa_distance)
		*arrival = (struct arrival){.flags = UNPROVEN};
	*place = (struct seep_place){.pc = word_at(slot), .slot = slot, .rsp = slot + WORD, .rbp = word_at(saved)};
	return MOVED;
}

static enum outcome leave_signal_frame(
	struct seep_unwinder *unwinder, struct seep_place *place, struct arrival *arrival)
{
	const ucontext_t *context = (const ucontext_t *)place->rsp;
	const greg_t *registers = context->uc_mcontext.gregs;

	if (!may_step(unwinder, place->rsp, (uintptr_t)&registers[REG_RBP], (uintptr_t)&registers[REG_RIP]))
		return NO_WAY;
	*place = (struct seep_place){.pc = (uintptr_t)registers[REG_RIP],
		.slot = (uintptr_t)&registers[REG_RIP],
		.rsp = (uintptr_t)registers[REG_RSP],
		.rbp = (uintptr_t)registers[REG_RBP],
		.interrupted = true};
	*arrival = (struct arrival){.flags = UNPROVEN};
	return may_read(unwinder, place->rsp, place->rsp) ? MOVED : NO_WAY;
}

/* By a special row. The frame that is left stands in unwinder->fresh already. */
__attribute__((noinline, cold)) static enum outcome leave_specially(
	struct capture *capture, seep_row row, struct seep_place *place, struct arrival *arrival)
{
	struct seep_unwinder *unwinder = capture->unwinder;
	struct seep_unwind_frame *frame = &unwinder->fresh[capture->used - 1];

	switch (row & SEEP_ROW_KIND) {
	case SEEP_ROW_END:
		return OUTERMOST;
	case SEEP_ROW_REALIGNED:
		frame->flags |= USES;
		return leave_realigned(unwinder, row, place, arrival);
	case SEEP_ROW_SIGNAL:
		return leave_signal_frame(unwinder, place, arrival);
	case SEEP_ROW_FULL:
		*arrival = (struct arrival){.flags = UNPROVEN};
		return seep_detour_full(unwinder, capture->start, unwinder->fresh, capture->used - 1, place) ? MOVED
													     : NO_WAY;
	}
	frame->flags |= USES;
	capture->live_at_end = true;
	if (seep_detour_is_entry(place))
		return OUTERMOST;
	capture->live_at_end = false;
	*arrival = (struct arrival){.saved = -1, .flags = SAVED};
	return seep_detour_chain(unwinder, place, &capture->proven) ? MOVED : NO_WAY;
}

/* Records the frame where the walk is, and goes to its caller. */
static inline enum outcome leave(struct capture *capture, struct seep_place *place, struct arrival *arrival)
{
	struct seep_unwinder *unwinder = capture->unwinder;
	seep_row row = seep_rows_get(
		place->pc - !place->interrupted, capture->generation, (struct seep_cfi_workspace *)unwinder->scratch);
	uintptr_t rsp = place->rsp;
	uintptr_t slot;
	uintptr_t saved;

	unwinder->fresh[capture->used++] = (struct seep_unwind_frame){
		.return_address = place->pc,
		.slot = place->slot,
		.frame_pointer = place->rbp,
		.saved = arrival->saved,
		.cfa_word = arrival->cfa_word,
		.flags = (uint8_t)(arrival->flags | (row & SEEP_ROW_CFA_RBP ? USES : 0) |
				   (place->interrupted ? INTERRUPTED : 0)),
	};
	if (__builtin_expect(row & SEEP_ROW_SPECIAL, 0))
		return leave_specially(capture, row, place, arrival);
	slot = (row & SEEP_ROW_CFA_RBP ? place->rbp : rsp) + (uintptr_t)seep_row_offset(row) - WORD;
	saved = row & SEEP_ROW_RBP_SAVED ? slot + WORD + (uintptr_t)seep_row_saved(row) : slot;
	if (__builtin_expect(!seen_before(unwinder, rsp, slot) || !seen_before(unwinder, rsp, saved), 0) &&
		!may_step(unwinder, rsp, saved, slot))
		return NO_WAY;
	if (row & SEEP_ROW_RBP_SAVED)
		place->rbp = word_at(saved);
	place->pc = word_at(slot);
	place->slot = slot;
	place->rsp = slot + WORD;
	place->interrupted = false;
	*arrival = (struct arrival){.saved = (int16_t)((row >> 16) + 1), .flags = row & SEEP_ROW_RBP_SAVED};
	return MOVED;
}

/* Puts the walked frames in front of those that are kept, from `kept` on. */
static void put_together(struct capture *capture, struct seep_unwind_frame *kept, const struct arrival *arrival)
{
	struct seep_unwinder *unwinder = capture->unwinder;
	bool live = capture->live_at_end;

	/* Should a signal handler jump out of here, there is no last stack. */
	unwinder->generation = 0;
	atomic_signal_fence(memory_order_seq_cst);
	if (kept != end_of_kept(unwinder)) {
		kept->saved = arrival->saved;
		kept->cfa_word = arrival->cfa_word;
		kept->flags = (uint8_t)(arrival->flags | (kept->flags & (USES | LIVE)));
		if (kept->flags & (REALIGNED | UNPROVEN) || (kept->flags & LIVE && kept->flags & SAVED))
			kept->flags |= CHECKED;
		live = kept->flags & LIVE && !(kept->flags & SAVED);
	}
	for (unsigned i = capture->used; i-- > 0;) {
		struct seep_unwind_frame frame = unwinder->fresh[i];

		if (frame.flags & USES)
			live = true;
		if (frame.flags & (REALIGNED | UNPROVEN) || (live && frame.flags & SAVED))
			frame.flags |= CHECKED;
		if (live)
			frame.flags |= LIVE;
		if (frame.flags & SAVED)
			live = false;
		*--kept = frame;
	}
	unwinder->frames = kept;
	unwinder->count = (uint32_t)(end_of_kept(unwinder) - kept);
	atomic_signal_fence(memory_order_seq_cst);
	unwinder->generation = capture->generation;
}

/* The last stack is void, or never was. */
__attribute__((noinline, cold)) static void begin_anew(struct seep_unwinder *unwinder, unsigned depth_limit)
{
	unwinder->generation = 0;
	unwinder->depth_limit = depth_limit;
	unwinder->frames = end_of_kept(unwinder);
	unwinder->frames->slot = UINTPTR_MAX; /* where searching for a slot ends */
}

/* Whether frames that are all on the stack, up to the end, are also how it ends now. */
static bool same_end(const struct seep_unwinder *unwinder, unsigned count, unsigned depth_limit)
{
	return count <= depth_limit && (unwinder->end != SEEP_UNWIND_TRUNCATED || count == depth_limit) &&
	       (!unwinder->null_slot || word_at(unwinder->null_slot) == 0);
}

unsigned seep_unwind_capture(struct seep_unwinder *unwinder, const struct seep_unwind_start *start,
	unsigned depth_limit, unsigned *unchanged, enum seep_unwind_end *end)
{
	struct capture capture = {.unwinder = unwinder,
		.start = start,
		.generation = atomic_load_explicit(&seep_rows_generation, memory_order_relaxed)};
	struct seep_place place = {
		.pc = start->return_address, .slot = start->cfa - WORD, .rsp = start->cfa, .rbp = start->frame_pointer};
	struct seep_unwind_frame *const last = end_of_kept(unwinder);
	struct arrival arrival = {0};
	struct seep_unwind_frame *old;
	enum outcome outcome = MOVED;

	if (__builtin_expect(by_libunwind, 0))
		return seep_oracle_capture(unwinder, start, capture.generation, depth_limit, unchanged, end);
	if (__builtin_expect(unwinder->generation != capture.generation || unwinder->depth_limit != depth_limit, 0))
		begin_anew(unwinder, depth_limit);
	if (__builtin_expect(!seen_before(unwinder, unwinder->readable[0][0], place.slot), 0))
		seep_detour_readable(unwinder, place.slot);
	for (old = unwinder->frames;;) {
		while (old->slot < place.slot)
			old++;
		if (same_state(old, &place)) {
			bool moved;
			struct seep_unwind_frame *changed = first_changed(old, last, &moved);

			if (changed == last && same_end(unwinder, capture.used + (unsigned)(last - old), depth_limit)) {
				*unchanged = (unsigned)(last - old);
				*end = unwinder->end;
				put_together(&capture, old, &arrival);
				return unwinder->count;
			}
			changed -= !moved;
			if (!move_along(&capture, old, changed, depth_limit, &place, &arrival))
				break;
			old = changed + 1;
		}
		if (capture.used == depth_limit)
			break;
		outcome = leave(&capture, &place, &arrival);
		if (outcome == MOVED && __builtin_expect(place.pc - FIRST_ADDRESS >= LAST_ADDRESS - FIRST_ADDRESS, 0))
			outcome = place.pc ? NO_WAY : NULL_ADDRESS;
		if (outcome != MOVED)
			break;
	}
	capture.live_at_end |= outcome != OUTERMOST && place.pc;
	unwinder->null_slot = outcome == MOVED && !place.pc ? place.slot : 0;
	unwinder->end = outcome == NO_WAY              ? SEEP_UNWIND_LOST
			: outcome == MOVED && place.pc ? SEEP_UNWIND_TRUNCATED
						       : SEEP_UNWIND_COMPLETE;
	put_together(&capture, last, &arrival);
	*unchanged = 0;
	*end = unwinder->end;
	return unwinder->count;
}

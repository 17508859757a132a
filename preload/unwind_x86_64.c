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
 * question alone, so it stays right for frames that are kept. Where a stack ends, nothing is live any more: that rbp by which
 * a frame without tables is known to be lost, or to be the outermost, counts as its frame's. Where a walk takes up a stack
 * that has changed, or was cut, it goes by the values that rbp has now (move_along), live or not.
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

/* How the walk came to a frame, in 32 bits: in the low half where the caller's rbp was saved, in words from the CFA; above it, in
 * eight bits, where the word was that holds the CFA, in words from there; flags. The same bits as in a row: what a plain
 * row says of the step is the row's low half. SAVED, REALIGNED and UNPROVEN speak of the step into the frame, the others of it. */
enum {
	SAVED = SEEP_ROW_RBP_SAVED, /* rbp was read from memory */
	REALIGNED = 1 << 25, /* so was the CFA */
	UNPROVEN = 1 << 26,
	USES = SEEP_ROW_CFA_RBP, /* its CFA counts from rbp */
	LIVE = 1 << 29,
	INTERRUPTED = 1 << 30,
};
#define CHECKED (1u << 31) /* more than the return address has to be compared */
#define OF_FRAME (USES | SEEP_UNWIND_INTERRUPTED)
#define OF_STEP (SAVED | REALIGNED | UNPROVEN | 0xffffffu)

#define WORD sizeof(uintptr_t)
#define VAIN_MAX 8u /* comparisons in a row */
#define INTERVAL_MIN 7u /* walks between two memos, a power of 2 minus 1 */
#define INTERVAL_MAX 4095u
#define ORACLES (1u << 31) /* in the generation of what libunwind captured: nothing else matches it */
#define FIRST_ADDRESS 4096u /* that code can have, and the end */
#define LAST_ADDRESS (UINT64_C(1) << 56)

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define RARE __attribute__((noinline)) static

/* One capture, for what is rare. */
struct capture {
	struct seep_unwinder *unwinder;
	const struct seep_unwind_start *start;
	const struct seep_unwind_frame *limit; /* of unwinder->fresh */
	uint64_t salt; /* of the rows' keys */
	uintptr_t proven; /* see seep_detour_chain */
};

/* Where a walk has got to: a frame that is not left yet, of which rsp is slot + 8. Nobody takes the address of the one that the loop
 * works with, so it lives in registers. */
struct walk {
	uintptr_t pc;
	uintptr_t slot;
	uintptr_t rbp;
	uint32_t arrival;
	struct seep_unwind_frame *next; /* in unwinder->fresh: those before it have been left */
};

static bool by_libunwind;

bool seep_unwind_start(bool oracle)
{
	by_libunwind = oracle && seep_oracle_open();
	return by_libunwind == oracle;
}

void seep_unwind_forget(struct seep_unwinder *unwinder)
{
	unwinder->generation = 0;
	for (unsigned i = 0; i < SEEP_UNWIND_MEMOS; i++) {
		unwinder->seen[i] = 0;
		unwinder->generations[i] = 0;
	}
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

static uintptr_t words(intptr_t count)
{
	return (uintptr_t)(count * (intptr_t)WORD);
}

/* Where rbp was saved that was read on the way to a frame. */
static uintptr_t place_of_rbp(uintptr_t slot, uint32_t arrival)
{
	return slot + WORD + words((int16_t)arrival);
}

/* Whether the step into this frame reads what it read then, the return address aside. */
static bool same_arrival(const struct seep_unwind_frame *frame)
{
	uintptr_t saved = place_of_rbp(frame->slot, frame->arrival);

	if (frame->arrival & UNPROVEN)
		return false;
	if (frame->arrival & REALIGNED && word_at(saved + words((int8_t)(frame->arrival >> 16))) != frame->slot + WORD)
		return false;
	return !(frame->arrival & LIVE) || !(frame->arrival & SAVED) || word_at(saved) == frame->frame_pointer;
}

/* The first frame outside of `frame`, which is on the stack, that is not the same any more, or end. Frames before `checked` have
 * nothing but a return address to compare. *moved: only that differs, so that it is known where the frame is. */
ALWAYS_INLINE const struct seep_unwind_frame *first_changed(const struct seep_unwind_frame *frame,
	const struct seep_unwind_frame *checked, const struct seep_unwind_frame *end, bool *moved)
{
	*moved = true;
	for (frame++; frame < checked; frame++)
		if (word_at(frame->slot) != frame->return_address)
			return frame;
	for (; frame != end; frame++) {
		if (frame->arrival & CHECKED && !same_arrival(frame))
			break;
		if (word_at(frame->slot) != frame->return_address)
			return frame;
	}
	*moved = false;
	return frame;
}

ALWAYS_INLINE bool same_state(const struct seep_unwind_frame *frame, const struct walk *walk)
{
	return frame->slot == walk->slot && frame->return_address == walk->pc && frame->node &&
	       !(frame->arrival & INTERRUPTED) && (!(frame->arrival & LIVE) || frame->frame_pointer == walk->rbp);
}

/* The frame where the walk is has been left. flags: those that speak of the frame itself. */
ALWAYS_INLINE void record(struct walk *walk, uint32_t flags)
{
	struct seep_unwind_frame *frame = walk->next++;

	frame->return_address = walk->pc;
	frame->slot = walk->slot;
	frame->frame_pointer = walk->rbp;
	frame->arrival = walk->arrival | flags;
	frame->node = 0;
}

/* Moves the walk from frame `from`, where it is, to frame `to` of the last stack, which differs from it in its return address at
 * most. False: the depth limit is in between. */
ALWAYS_INLINE bool move_along(struct walk *walk, const struct seep_unwind_frame *from,
	const struct seep_unwind_frame *to, const struct seep_unwind_frame *limit)
{
	while (from != to) {
		if (walk->next == limit)
			return false;
		record(walk, from->arrival & OF_FRAME);
		from++;
		walk->arrival = from->arrival & OF_STEP;
		walk->slot = from->slot;
		walk->pc = word_at(from->slot);
		if (walk->arrival & SAVED)
			walk->rbp = word_at(place_of_rbp(from->slot, walk->arrival));
	}
	return true;
}

/* What became of a step. NULL_ADDRESS and NO_ADDRESS: there was no frame to leave, what stands in its place is no address of code.
 * CUT: there is a caller, but no room for it. */
enum outcome { MOVED, OUTERMOST, NULL_ADDRESS, NO_ADDRESS, NO_WAY, CUT };

/* Whether a step may read here. Stacks grow downwards, so a caller is found upwards, unless it is on another stack. */
static bool may_read(struct seep_unwinder *unwinder, uintptr_t rsp, uintptr_t address)
{
	return seep_detour_readable(unwinder, address) &&
	       (address >= rsp ||
		       rsp - unwinder->readable[0][0] >= unwinder->readable[0][1] - unwinder->readable[0][0]);
}

RARE bool may_step(struct seep_unwinder *unwinder, uintptr_t rsp, uintptr_t saved, uintptr_t slot)
{
	return may_read(unwinder, rsp, saved) && may_read(unwinder, rsp, slot);
}

static enum outcome leave_realigned(
	struct seep_unwinder *unwinder, seep_row row, struct seep_place *place, uint32_t *arrival)
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
	saved_distance = (intptr_t)(saved - slot - WORD) / (intptr_t)WORD;
	cfa_distance = (intptr_t)(cfa_word - saved) / (intptr_t)WORD;
	if (saved_distance == (int16_t)saved_distance && cfa_distance == (int8_t)cfa_distance)
		*arrival = (uint16_t)saved_distance | (uint32_t)(uint8_t)cfa_distance << 16 | SAVED | REALIGNED;
	else
		*arrival = UNPROVEN;
	*place = (struct seep_place){.pc = word_at(slot), .slot = slot, .rsp = slot + WORD, .rbp = word_at(saved)};
	return MOVED;
}

static enum outcome leave_signal_frame(struct seep_unwinder *unwinder, struct seep_place *place, uint32_t *arrival)
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
	*arrival = UNPROVEN;
	return seep_detour_readable(unwinder, place->rsp) ? MOVED : NO_WAY;
}

static enum outcome leave_without_tables(struct capture *capture, struct seep_place *place, uint32_t *arrival)
{
	if (place->pc - FIRST_ADDRESS >= LAST_ADDRESS - FIRST_ADDRESS)
		return place->pc ? NO_ADDRESS : NULL_ADDRESS;
	if (seep_detour_is_entry(place))
		return OUTERMOST;
	*arrival = SAVED | (uint16_t)-2;
	return seep_detour_chain(capture->unwinder, place, &capture->proven) ? MOVED : NO_WAY;
}

static enum outcome leave_plain(
	struct seep_unwinder *unwinder, seep_row row, struct seep_place *place, uint32_t *arrival)
{
	uintptr_t base = row & SEEP_ROW_CFA_RBP ? place->rbp : place->rsp;
	uintptr_t slot = base + (uintptr_t)seep_row_offset(row) - WORD;
	uintptr_t saved = row & SEEP_ROW_RBP_SAVED ? place_of_rbp(slot, (uint32_t)row) : slot;

	if (!may_step(unwinder, place->rsp, saved, slot))
		return NO_WAY;
	*arrival = (uint32_t)row & OF_STEP;
	*place = (struct seep_place){.pc = word_at(slot),
		.slot = slot,
		.rsp = slot + WORD,
		.rbp = row & SEEP_ROW_RBP_SAVED ? word_at(saved) : place->rbp};
	return MOVED;
}

/* Leaves the frame that was recorded last, by any row. */
static enum outcome leave_any(
	struct capture *capture, seep_row row, struct walk *walk, struct seep_place *place, uint32_t *arrival)
{
	struct seep_unwinder *unwinder = capture->unwinder;
	unsigned last = (unsigned)(walk->next - 1 - unwinder->fresh);

	if (row & SEEP_ROW_CFA_RBP || !(row & SEEP_ROW_SPECIAL))
		return leave_plain(unwinder, row, place, arrival);
	switch (row & SEEP_ROW_KIND) {
	case SEEP_ROW_END:
		return OUTERMOST;
	case SEEP_ROW_SIGNAL:
		return leave_signal_frame(unwinder, place, arrival);
	case SEEP_ROW_FULL:
		*arrival = UNPROVEN;
		return seep_detour_full(unwinder, capture->start, unwinder->fresh, last, place) ? MOVED : NO_WAY;
	case SEEP_ROW_REALIGNED:
		unwinder->fresh[last].arrival |= USES;
		return leave_realigned(unwinder, row, place, arrival);
	}
	unwinder->fresh[last].arrival |= USES;
	return leave_without_tables(capture, place, arrival);
}

/* Leaves the frame that was recorded last by its special row, and with it those that were interrupted: where rsp is not slot + 8. */
RARE enum outcome leave_specially(struct capture *capture, seep_row row, struct walk *walk)
{
	struct seep_place place = {.pc = walk->pc, .slot = walk->slot, .rsp = walk->slot + WORD, .rbp = walk->rbp};
	enum outcome outcome;

	for (;;) {
		/* Nobody called the code that a handler returns to: it begins at its return address. */
		if ((row & SEEP_ROW_KIND) == SEEP_ROW_SIGNAL)
			walk->next[-1].arrival |= SEEP_UNWIND_INTERRUPTED;
		outcome = leave_any(capture, row, walk, &place, &walk->arrival);
		if (outcome != MOVED)
			return outcome;
		walk->pc = place.pc;
		walk->slot = place.slot;
		walk->rbp = place.rbp;
		if (!place.interrupted && place.rsp == place.slot + WORD)
			return MOVED;
		if (walk->next == capture->limit)
			return CUT;
		row = place.interrupted ? seep_rows_exact(place.pc, (void *)capture->unwinder->scratch)
					: seep_rows_get(place.pc, capture->salt, (void *)capture->unwinder->scratch);
		walk->arrival |= INTERRUPTED | (place.interrupted ? SEEP_UNWIND_INTERRUPTED : 0);
		record(walk, (uint32_t)row & USES);
	}
}

/* Whether words at and above rsp, on this stack, have been found readable up to this address. */
ALWAYS_INLINE bool seen_before(const struct seep_unwinder *unwinder, uintptr_t rsp, uintptr_t address)
{
	return address - rsp < unwinder->readable[0][1] - rsp && address % WORD == 0;
}

/* The slot, which is often where a frame of the last stack has its own, as that frame has it: a value that the processor knows
 * long before the walk has computed it. The next frames' loads then need not wait for this one's. */
ALWAYS_INLINE uintptr_t as_remembered(const struct seep_unwind_frame **old, uintptr_t slot)
{
	uintptr_t remembered;

	while ((*old)->slot < slot)
		++*old;
	remembered = (*old)->slot;
	if (remembered != slot)
		return slot;
	__asm__("" : "+r"(remembered)); /* or the compiler takes the other one, which is equal */
	return remembered;
}

/* Leaves the frame that was recorded last by its plain row. */
ALWAYS_INLINE bool leave(
	struct seep_unwinder *unwinder, seep_row row, struct walk *walk, const struct seep_unwind_frame **old)
{
	uintptr_t rsp = walk->slot + WORD;
	uintptr_t slot;

	/* A row that counts from rsp stays above it, and saves within its frame; rbp can be anything. */
	if (row & SEEP_ROW_CFA_RBP) {
		uintptr_t saved;

		slot = walk->rbp + (uintptr_t)seep_row_offset(row) - WORD;
		saved = row & SEEP_ROW_RBP_SAVED ? place_of_rbp(slot, (uint32_t)row) : slot;
		if (__builtin_expect(!seen_before(unwinder, rsp, slot) || !seen_before(unwinder, rsp, saved), 0) &&
			!may_step(unwinder, rsp, saved, slot))
			return false;
	} else {
		slot = rsp + (uintptr_t)seep_row_offset(row) - WORD;
		if (__builtin_expect(slot >= unwinder->readable[0][1], 0) && !may_step(unwinder, rsp, slot, slot))
			return false;
	}
	slot = as_remembered(old, slot);
	if (row & SEEP_ROW_RBP_SAVED)
		walk->rbp = word_at(place_of_rbp(slot, (uint32_t)row));
	walk->pc = word_at(slot);
	walk->slot = slot;
	walk->arrival = (uint32_t)row & OF_STEP;
	return true;
}

static uint32_t checked(uint32_t arrival)
{
	bool more = arrival & (REALIGNED | UNPROVEN) || (arrival & LIVE && arrival & SAVED);

	return more ? arrival | CHECKED : arrival;
}

/* The first frame from `kept` on that is CHECKED, or the end. */
static struct seep_unwind_frame *first_checked(struct seep_unwinder *unwinder, struct seep_unwind_frame *kept)
{
	if (unwinder->checked > kept && !(kept->arrival & CHECKED))
		return unwinder->checked;
	while (kept != end_of_kept(unwinder) && !(kept->arrival & CHECKED))
		kept++;
	return kept;
}

/* Keeps the compiler from copying two words at once: the frame was written only just now, word by word, and a load of two of
 * them would have to wait until both have left the processor's store buffer. */
ALWAYS_INLINE uintptr_t as_written(uintptr_t word)
{
	__asm__("" : "+r"(word));
	return word;
}

/* Puts the walked frames in front of those that are kept, from `kept` on. */
ALWAYS_INLINE void put_together(
	struct seep_unwinder *unwinder, uint32_t generation, const struct walk *walk, struct seep_unwind_frame *kept)
{
	uint32_t is_live = 0;

	/* Should a signal handler jump out of here, there is no last stack. */
	unwinder->generation = 0;
	atomic_signal_fence(memory_order_seq_cst);
	if (kept != end_of_kept(unwinder)) {
		kept->arrival = checked(walk->arrival | (kept->arrival & (OF_FRAME | LIVE)));
		is_live = kept->arrival & SAVED ? 0 : kept->arrival & LIVE;
	}
	unwinder->checked = first_checked(unwinder, kept);
	for (const struct seep_unwind_frame *frame = walk->next; frame-- != unwinder->fresh;) {
		uint32_t arrival = frame->arrival;

		if (arrival & USES)
			is_live = LIVE;
		--kept;
		kept->return_address = as_written(frame->return_address);
		kept->slot = as_written(frame->slot);
		kept->frame_pointer = as_written(frame->frame_pointer);
		kept->arrival = checked(arrival | is_live);
		if (kept->arrival & CHECKED)
			unwinder->checked = kept;
		kept->node = 0;
		if (arrival & SAVED)
			is_live = 0;
	}
	unwinder->frames = kept;
	unwinder->count = (uint32_t)(end_of_kept(unwinder) - kept);
	atomic_signal_fence(memory_order_seq_cst);
	unwinder->generation = generation;
}

/* The last stack is void, or never was. */
RARE void begin_anew(struct seep_unwinder *unwinder)
{
	unwinder->generation = 0;
	unwinder->frames = end_of_kept(unwinder);
	unwinder->frames->slot = UINTPTR_MAX; /* where searching for a slot ends */
	unwinder->checked = unwinder->frames;
}

ALWAYS_INLINE struct walk walk_from(const struct seep_unwind_start *start, struct seep_unwind_frame *room)
{
	return (struct walk){
		.pc = start->return_address, .slot = start->cfa - WORD, .rbp = start->frame_pointer, .next = room};
}

/* Whether frames that are all on the stack, up to the end, are also how it ends now. */
ALWAYS_INLINE bool same_end(enum seep_unwind_end end, uintptr_t null_slot, unsigned count, unsigned depth_limit)
{
	return count <= depth_limit && (end != SEEP_UNWIND_TRUNCATED || count == depth_limit) &&
	       (!null_slot || word_at(null_slot) == 0);
}

/* The whole stack was walked. */
static unsigned finish(struct capture *capture, uint32_t generation, struct walk *walk, enum outcome outcome,
	unsigned *unchanged, enum seep_unwind_end *end)
{
	struct seep_unwinder *unwinder = capture->unwinder;

	if (outcome == MOVED) /* to where the limit is, which matters only if there is a frame beyond it */
		outcome = walk->pc ? CUT : NULL_ADDRESS;
	else if ((outcome == NULL_ADDRESS || outcome == NO_ADDRESS) && walk->next - unwinder->fresh > 1)
		walk->next--;
	unwinder->null_slot = outcome == NULL_ADDRESS ? walk->slot : 0;
	if (outcome == CUT)
		*end = SEEP_UNWIND_TRUNCATED;
	else
		*end = outcome == OUTERMOST || outcome == NULL_ADDRESS ? SEEP_UNWIND_COMPLETE : SEEP_UNWIND_LOST;
	unwinder->end = *end;
	put_together(unwinder, generation, walk, end_of_kept(unwinder));
	*unchanged = 0;
	return unwinder->count;
}

unsigned seep_unwind_capture(struct seep_unwinder *unwinder, const struct seep_unwind_start *start,
	unsigned depth_limit, unsigned *unchanged, enum seep_unwind_end *end)
{
	uint32_t generation = atomic_load_explicit(&seep_rows_generation, memory_order_relaxed);
	uint64_t salt = seep_rows_salt(generation);
	struct seep_unwind_frame *const last = end_of_kept(unwinder);
	struct seep_unwind_frame *const limit = &unwinder->fresh[depth_limit];
	struct capture capture = {.unwinder = unwinder, .start = start, .limit = limit, .salt = salt};
	struct walk walk = walk_from(start, unwinder->fresh);
	const struct seep_unwind_frame *old;
	enum outcome outcome = MOVED;

	if (__builtin_expect(by_libunwind, 0))
		return seep_oracle_capture(unwinder, start, generation ^ ORACLES, depth_limit, unchanged, end);
	if (__builtin_expect(unwinder->generation != generation, 0))
		begin_anew(unwinder);
	if (__builtin_expect(!seen_before(unwinder, unwinder->readable[0][0], walk.slot), 0))
		seep_detour_readable(unwinder, walk.slot);
	old = unwinder->frames;
	for (;;) {
		seep_row row;

		while (old->slot < walk.slot)
			old++;
		if (same_state(old, &walk)) {
			bool moved;
			const struct seep_unwind_frame *changed = first_changed(old, unwinder->checked, last, &moved);

			if (changed == last &&
				same_end(unwinder->end, unwinder->null_slot,
					(unsigned)(walk.next - unwinder->fresh + last - old), depth_limit)) {
				*unchanged = (unsigned)(last - old);
				*end = unwinder->end;
				put_together(unwinder, generation, &walk, last - (last - old));
				return unwinder->count;
			}
			changed -= !moved;
			if (!move_along(&walk, old, changed, limit))
				break;
			old = changed + 1;
		}
		if (walk.next == limit)
			break;
		row = seep_rows_get(walk.pc, salt, (struct seep_cfi_workspace *)unwinder->scratch);
		record(&walk, (uint32_t)row & USES);
		if (__builtin_expect((row & SEEP_ROW_SPECIAL) == 0, 1)) {
			if (leave(unwinder, row, &walk, &old))
				continue;
			outcome = NO_WAY;
		} else if (row == SEEP_ROW_END) {
			outcome = OUTERMOST;
		} else {
			struct walk copy = walk;

			outcome = leave_specially(&capture, row, &copy);
			walk = copy;
		}
		if (outcome != MOVED)
			break;
	}
	return finish(&capture, generation, &walk, outcome, unchanged, end);
}

/* ---- Stacks that come again ----
 *
 * What is proven above of the last stack holds for any other: the words that the walk would read, compared in its order. So a list of
 * them, each with its place, stands for the stack. */

static unsigned place_of_memo(uintptr_t return_address, uintptr_t slot)
{
	uint64_t mixed = (return_address ^ slot << 20) * 0x9e3779b97f4a7c15u >> 32;

	return (unsigned)(mixed * SEEP_UNWIND_MEMOS >> 32);
}

static bool add_word(struct seep_unwind_memo *memo, uintptr_t address, uintptr_t expected)
{
	if (memo->words == SEEP_UNWIND_MEMO_WORDS || address - memo->slot > UINT32_MAX)
		return false;
	memo->offsets[memo->words] = (uint32_t)(address - memo->slot);
	memo->expected[memo->words++] = expected;
	return true;
}

/* What same_arrival and first_changed compare. False: more than a list of words can say, or than a memo has room for. */
static bool add_frame(struct seep_unwind_memo *memo, const struct seep_unwind_frame *frame)
{
	uintptr_t saved = place_of_rbp(frame->slot, frame->arrival);

	if (frame->arrival & UNPROVEN)
		return false;
	if (frame->arrival & REALIGNED &&
		!add_word(memo, saved + words((int8_t)(frame->arrival >> 16)), frame->slot + WORD))
		return false;
	if (frame->arrival & LIVE && frame->arrival & SAVED && !add_word(memo, saved, frame->frame_pointer))
		return false;
	return add_word(memo, frame->slot, frame->return_address);
}

static bool write_memo(struct seep_unwind_memo *memo, const struct seep_unwinder *unwinder)
{
	const struct seep_unwind_frame *frames = unwinder->frames;

	if (unwinder->count > SEEP_UNWIND_MEMO_WORDS || frames->arrival & INTERRUPTED)
		return false;
	memo->return_address = frames->return_address;
	memo->slot = frames->slot;
	memo->frame_pointer = frames->frame_pointer;
	memo->null_slot = unwinder->null_slot;
	memo->node = frames->node;
	memo->live = !!(frames->arrival & LIVE);
	memo->end = (uint8_t)unwinder->end;
	memo->count = (uint8_t)unwinder->count;
	memo->words = 0;
	memo->in_vain = 0;
	memo->used = false;
	for (unsigned i = 1; i < unwinder->count; i++)
		if (!add_frame(memo, &frames[i]))
			return false;
	return true;
}

/* A memo goes. Where most go without having been of use, as in a recursion, new ones become rare. */
static void forget_memo(struct seep_unwinder *unwinder, unsigned place)
{
	if (unwinder->generations[place] && !unwinder->memos[place].used && unwinder->interval < INTERVAL_MAX)
		unwinder->interval = 2 * unwinder->interval + 1;
	unwinder->generations[place] = 0;
}

/* What came twice in a row in its place is worth a memo. Of the others some are kept: where two stacks take turns in a place, one of
 * them gets it. A stack has one of two places, as others begin with the same frame. */
void seep_unwind_remember(struct seep_unwinder *unwinder)
{
	const struct seep_unwind_frame *frames = unwinder->frames;
	unsigned place = place_of_memo(frames->return_address, frames->slot) ^ (frames->node & 1);
	bool again = unwinder->seen[place] == frames->node;

	unwinder->seen[place] = frames->node;
	if ((!again && ++unwinder->walks & unwinder->interval) || by_libunwind)
		return;
	/* Should a signal handler jump out of here, the place is empty. */
	forget_memo(unwinder, place);
	atomic_signal_fence(memory_order_seq_cst);
	if (!write_memo(&unwinder->memos[place], unwinder))
		return;
	atomic_signal_fence(memory_order_seq_cst);
	unwinder->generations[place] = unwinder->generation;
}

ALWAYS_INLINE bool same_words(const struct seep_unwind_memo *memo)
{
	for (unsigned i = 0; i < memo->words; i++)
		if (word_at(memo->slot + memo->offsets[i]) != memo->expected[i])
			return false;
	return true;
}

/* One that is compared in vain again and again makes room. */
ALWAYS_INLINE bool is_memo(struct seep_unwinder *unwinder, uint32_t generation, unsigned place, const struct walk *walk,
	unsigned depth_limit)
{
	struct seep_unwind_memo *memo = &unwinder->memos[place];

	if (unwinder->generations[place] != generation || memo->return_address != walk->pc || memo->slot != walk->slot)
		return false;
	if ((memo->live && memo->frame_pointer != walk->rbp) || !same_words(memo) ||
		!same_end(memo->end, memo->null_slot, memo->count, depth_limit)) {
		if (++memo->in_vain == VAIN_MAX)
			forget_memo(unwinder, place);
		return false;
	}
	memo->in_vain = 0;
	if (!memo->used) {
		memo->used = true;
		unwinder->interval = INTERVAL_MIN;
	}
	return true;
}

uint32_t seep_unwind_recall(struct seep_unwinder *unwinder, const struct seep_unwind_start *start, unsigned depth_limit,
	enum seep_unwind_end *end)
{
	uint32_t generation = atomic_load_explicit(&seep_rows_generation, memory_order_relaxed);
	struct walk walk = walk_from(start, NULL);
	unsigned place = place_of_memo(walk.pc, walk.slot);
	bool moved;

	if (is_memo(unwinder, generation, place, &walk, depth_limit) ||
		is_memo(unwinder, generation, place ^= 1, &walk, depth_limit)) {
		*end = unwinder->memos[place].end;
		return unwinder->memos[place].node;
	}
	/* Deep ones, and what has no memo yet: an allocation in a loop. */
	if (unwinder->generation == generation && same_state(unwinder->frames, &walk) &&
		first_changed(unwinder->frames, unwinder->checked, end_of_kept(unwinder), &moved) ==
			end_of_kept(unwinder) &&
		same_end(unwinder->end, unwinder->null_slot, unwinder->count, depth_limit)) {
		*end = unwinder->end;
		return unwinder->frames->node;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * oracle.c: see oracle.h. libunwind is a run-time choice and not a dependency of libseep.so: its header says how large
 * its structures are and what its functions are called, the rest is dlsym.
 */
#include "oracle.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include "kernel.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#define TEXT(...) #__VA_ARGS__
#define NAME_OF(function) TEXT(function) /* after the header's macros have made the real name of it */

/* Our own frames between here and the hook's caller: never more than a few. */
#define OWN_FRAMES 32

static struct {
	int (*init_local)(unw_cursor_t *, unw_context_t *);
	int (*step)(unw_cursor_t *);
	int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
	int (*is_signal_frame)(unw_cursor_t *);
} calls;

struct scratch {
	unw_cursor_t cursor;
	ucontext_t context; /* what unw_context_t is, on every architecture of Linux */
};

_Static_assert(sizeof(struct scratch) <= sizeof((struct seep_unwinder *)0)->scratch, "room in the unwinder");

/* libunwind has locks of its own. A child of a thread that forks while another thread holds one would wait for it for ever: so only
 * one thread at a time is in libunwind, and none while the process forks. Signals wait, too: a handler may jump out. */
static _Atomic uint32_t turn; /* 0: free, 1: taken, 2: taken and somebody sleeps */
static uint64_t signals_before; /* of the thread that has the turn */

static void turn_take(void)
{
	uint64_t all = ~UINT64_C(0);
	uint64_t signals = 0; /* if the kernel was not asked, it is not asked again */
	uint32_t expected = 0;

	seep_kernel(rt_sigprocmask, SIG_SETMASK, &all, &signals, sizeof all);
	if (!atomic_compare_exchange_strong(&turn, &expected, 1))
		while (atomic_exchange(&turn, 2) != 0)
			seep_kernel_wait(&turn, 2, 1000);
	signals_before = signals;
}

static void turn_give(void)
{
	uint64_t signals = signals_before;

	if (atomic_exchange(&turn, 0) == 2)
		seep_kernel_wake(&turn);
	seep_kernel(rt_sigprocmask, SIG_SETMASK, &signals, NULL, sizeof signals);
}

bool seep_oracle_open(void)
{
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return false;
	calls.init_local = (int (*)(unw_cursor_t *, unw_context_t *))dlsym(library, NAME_OF(unw_init_local));
	calls.get_reg = (int (*)(unw_cursor_t *, int, unw_word_t *))dlsym(library, NAME_OF(unw_get_reg));
	calls.is_signal_frame = (int (*)(unw_cursor_t *))dlsym(library, NAME_OF(unw_is_signal_frame));
	if (!calls.init_local || !calls.get_reg || !calls.is_signal_frame)
		return false;
	calls.step = (int (*)(unw_cursor_t *))dlsym(library, NAME_OF(unw_step)); /* last: what the others ask for */
	return calls.step && pthread_atfork(turn_take, turn_give, turn_give) == 0;
}

static uintptr_t get(unw_cursor_t *cursor, int number)
{
	unw_word_t value = 0;

	return calls.get_reg(cursor, number, &value) == 0 ? (uintptr_t)value : 0;
}

/* From our own frame to that of the hook's caller. */
static bool skip_own(unw_cursor_t *cursor, const struct seep_unwind_start *start)
{
	for (int i = 0; i < OWN_FRAMES; i++) {
		if (calls.step(cursor) <= 0)
			return false;
		if (get(cursor, UNW_REG_SP) == start->cfa)
			return get(cursor, UNW_REG_IP) == start->return_address;
	}
	return false;
}

static unsigned walk(struct scratch *room, const struct seep_unwind_start *start, struct seep_unwind_frame *frames,
	unsigned depth_limit, enum seep_unwind_end *end)
{
	unsigned count = 1;
	int stepped;

	if (calls.init_local(&room->cursor, (unw_context_t *)&room->context) != 0 || !skip_own(&room->cursor, start))
		return count;
	while ((stepped = calls.step(&room->cursor)) > 0) {
		uintptr_t address = get(&room->cursor, UNW_REG_IP);

		if (!address) {
			stepped = 0;
			break;
		}
		if (count == depth_limit) {
			*end = SEEP_UNWIND_TRUNCATED;
			return count;
		}
		frames[count++] = (struct seep_unwind_frame){.return_address = address,
			.slot = get(&room->cursor, UNW_REG_SP) - sizeof(uintptr_t),
			.arrival = calls.is_signal_frame(&room->cursor) > 0 ? SEEP_UNWIND_INTERRUPTED : 0};
	}
	if (stepped == 0)
		*end = SEEP_UNWIND_COMPLETE;
	return count;
}

__attribute__((noinline)) static unsigned walk_in_turn(struct scratch *room, const struct seep_unwind_start *start,
	struct seep_unwind_frame *frames, unsigned depth_limit, enum seep_unwind_end *end)
{
	unsigned count;

	turn_take();
	count = walk(room, start, frames, depth_limit, end);
	turn_give();
	return count;
}

unsigned seep_oracle_walk(const struct seep_unwind_start *start, struct seep_unwind_frame *frames, unsigned depth_limit,
	enum seep_unwind_end *end, unsigned char *scratch)
{
	struct scratch *room = (void *)scratch;
	int saved_errno = errno;
	unsigned count = 1;

	frames[0] = (struct seep_unwind_frame){
		.return_address = start->return_address, .slot = start->cfa - sizeof(uintptr_t)};
	*end = SEEP_UNWIND_LOST;
	if (seep_kernel_may(SEEP_KERNEL_FOR_LIBUNWIND) && calls.step && getcontext(&room->context) == 0)
		count = walk_in_turn(room, start, frames, depth_limit, end);
	errno = saved_errno;
	return count;
}

unsigned seep_oracle_capture(struct seep_unwinder *unwinder, const struct seep_unwind_start *start, uint32_t generation,
	unsigned depth_limit, unsigned *unchanged, enum seep_unwind_end *end)
{
	struct seep_unwind_frame *frames = unwinder->fresh;
	struct seep_unwind_frame *kept = unwinder->kept;
	unsigned count = seep_oracle_walk(start, frames, depth_limit, end, unwinder->scratch);
	unsigned same = 0;

	/* A node stands for all that is outside of it: it holds as far as the return addresses are equal. */
	if (unwinder->generation == generation && unwinder->end == *end)
		while (same < count && same < unwinder->count && kept[unwinder->count - 1 - same].node &&
			frames[count - 1 - same].return_address == kept[unwinder->count - 1 - same].return_address) {
			frames[count - 1 - same].node = kept[unwinder->count - 1 - same].node;
			same++;
		}
	unwinder->generation = 0; /* should a signal handler jump out of here */
	atomic_signal_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < count; i++)
		kept[i] = frames[i];
	unwinder->frames = kept;
	unwinder->count = count;
	unwinder->end = *end;
	atomic_signal_fence(memory_order_seq_cst);
	unwinder->generation = generation;
	*unchanged = same;
	return count;
}

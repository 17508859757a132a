/* SPDX-License-Identifier: Apache-2.0
 *
 * The unwinder on stacks as they come: frames of every kind that a compiler makes, threads, signals, contexts, hand-written
 * code with and without tables. libunwind is the judge where it knows the answer; otherwise the truth is in the program.
 */
#include "support_unwinder.h"

#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define LIMIT 200u
#define PAGE_BYTES 4096u

static __thread struct seep_unwinder *own; /* remembers, as a thread's does */
static struct seep_unwinder *fresh; /* forgets before each capture */
static struct seep_unwind_frame oracles[LIMIT];
static unsigned char scratch[sizeof fresh->scratch] __attribute__((aligned(16)));

static unsigned captures;
static uint64_t frames_reused;
static unsigned last_count; /* of the last capture, with what it found */
static enum seep_unwind_end last_end;
static uintptr_t last_frames[LIMIT];

static struct seep_unwinder *new_unwinder(void)
{
	void *memory = mmap(NULL, sizeof *own, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static void compare(const struct seep_unwind_start *start, unsigned count, enum seep_unwind_end end)
{
	enum seep_unwind_end other_end;
	unsigned unchanged;
	unsigned others;

	seep_unwind_forget(fresh);
	others = seep_unwind_capture(fresh, start, LIMIT, &unchanged, &other_end);
	assert_int_equal(count, others);
	assert_int_equal(end, other_end);
	assert_int_equal(unchanged, 0);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(own->frames[i].return_address, fresh->frames[i].return_address);
}

static void compare_with_libunwind(const struct seep_unwind_start *start, unsigned count)
{
	enum seep_unwind_end other_end;
	unsigned others = seep_oracle_walk(start, oracles, LIMIT, &other_end, scratch);

	assert_int_equal(count, others);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(own->frames[i].return_address, oracles[i].return_address);
}

/* A hook: what malloc is to seep. */
__attribute__((noinline)) static void hook(void)
{
	struct seep_unwind_start start_of_hook;
	enum seep_unwind_end end;
	unsigned unchanged;
	SEEP_UNWIND_START(start);

	start_of_hook = start;
	if (!own)
		own = new_unwinder();
	errno = 1234;
	last_count = seep_unwind_capture(own, &start_of_hook, LIMIT, &unchanged, &end);
	assert_int_equal(errno, 1234);
	give_nodes(own, last_count, unchanged, end);
	last_end = end;
	for (unsigned i = 0; i < last_count; i++)
		last_frames[i] = own->frames[i].return_address;
	frames_reused += unchanged;
	compare(&start_of_hook, last_count, end);
	if (captures++ % 16 == 0)
		compare_with_libunwind(&start_of_hook, last_count);
}

static void forgotten(void)
{
	captures = 0;
	frames_reused = 0;
	last_count = 0;
}

/* ---- Frames of every kind ---- */

static uint64_t random_state = 0x853c49e6748fea9bu;

static unsigned below(unsigned bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % bound);
}

#define KINDS 8

static void any_call(int depth);
#define USE(memory) __asm__ volatile("" : : "r"(memory) : "memory")

#define DEED(name) __attribute__((noinline)) static void name(int depth)

DEED(small)
{
	any_call(depth);
	__asm__ volatile("");
}

DEED(with_frame_pointer)
{
	USE(__builtin_frame_address(0));
	any_call(depth);
	__asm__ volatile("");
}

DEED(with_alloca)
{
	volatile char *room = alloca(16 + below(4) * 48);

	room[0] = 1;
	any_call(depth);
	USE(room);
}

DEED(with_large_frame)
{
	volatile char room[20000];

	room[below(sizeof room)] = 1;
	any_call(depth);
	USE(room);
}

DEED(uses_all_registers)
{
	__asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15");
	any_call(depth);
	__asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15");
}

DEED(aligned)
{
	_Alignas(64) volatile char room[128];

	room[below(sizeof room)] = 1;
	any_call(depth);
	USE(room);
}

/* Arguments on the stack and an aligned frame: the CFA is a word in memory. */
__attribute__((noinline)) static void realigned_with(int depth, int a, int b, int c, int d, int e, int f, int g)
{
	_Alignas(64) volatile char room[128];
	volatile char *more = alloca((size_t)(16 + below(4) * 48));

	room[below(sizeof room)] = (char)(a + b + c + d + e + f + g);
	more[0] = 1;
	any_call(depth);
	USE(room);
	USE(more);
	if (g == 1000)
		hook();
}

DEED(realigned)
{
	realigned_with(depth, 1, 2, 3, 4, 5, 6, depth);
	__asm__ volatile("");
}

static int by_comparison(const void *left, const void *right)
{
	if (own && below(4) == 0)
		any_call(0);
	return *(const int *)left - *(const int *)right;
}

/* Through a library's code. */
DEED(through_qsort)
{
	int numbers[6] = {3, 1, 2, 6, 5, 4};

	qsort(numbers, 6, sizeof numbers[0], by_comparison);
	any_call(depth);
	USE(numbers);
}

static void any_call(int depth)
{
	static void (*const kinds[KINDS])(int) = {small, with_frame_pointer, with_alloca, with_large_frame,
		uses_all_registers, aligned, realigned, through_qsort};

	if (depth <= 0) {
		hook();
		if (below(2))
			hook(); /* from another place */
		return;
	}
	for (unsigned times = 1 + below(2); times > 0; times--)
		kinds[below(KINDS)](depth - 1 - (int)below(2));
}

static void frames_of_every_kind(void **state)
{
	(void)state;
	forgotten();
	while (captures < 60000)
		any_call((int)below(14));
	assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
	assert_true(frames_reused > captures * 5u);
}

/* ---- Depth ---- */

static void limited_at(const struct seep_unwind_start *start, unsigned limit)
{
	static struct seep_unwinder *unwinder;
	enum seep_unwind_end end;
	unsigned unchanged;
	unsigned count;

	if (!unwinder)
		unwinder = new_unwinder();
	count = seep_unwind_capture(unwinder, start, limit, &unchanged, &end);
	assert_int_equal(count, limit < last_count ? limit : last_count);
	assert_int_equal(end, limit < last_count ? SEEP_UNWIND_TRUNCATED : SEEP_UNWIND_COMPLETE);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(unwinder->frames[i].return_address, last_frames[i]);
	give_nodes(unwinder, count, unchanged, end);
}

__attribute__((noinline)) static void limited_hook(void)
{
	SEEP_UNWIND_START(start);
	enum seep_unwind_end end;
	unsigned unchanged;

	last_count = seep_unwind_capture(fresh, &start, LIMIT, &unchanged, &end);
	for (unsigned i = 0; i < last_count; i++)
		last_frames[i] = fresh->frames[i].return_address;
	for (unsigned limit = 1; limit <= last_count + 2; limit++) {
		limited_at(&start, limit);
		limited_at(&start, limit);
	}
	limited_at(&start, 3);
}

__attribute__((noinline)) static int recurse(int depth)
{
	if (depth == 0)
		limited_hook();
	else
		recurse(depth - 1);
	__asm__ volatile("");
	return depth;
}

static void the_leaf_end_is_kept(void **state)
{
	(void)state;
	recurse(30);
	recurse(20);
	recurse(40);
	assert_true(last_count > 40);
}

/* ---- Threads ---- */

static void *thread(void *unused)
{
	any_call(5);
	small(0);
	assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
	munmap(own, sizeof *own);
	own = NULL;
	return unused;
}

static void threads_begin_somewhere(void **state)
{
	(void)state;
	forgotten();
	for (int i = 0; i < 20; i++) {
		pthread_t id;

		assert_int_equal(pthread_create(&id, NULL, thread, NULL), 0);
		assert_int_equal(pthread_join(id, NULL), 0);
	}
	assert_true(captures > 0);
}

/* ---- Signals ---- */

static void handler(int number)
{
	(void)number;
	any_call(2);
	hook();
	assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
}

static bool has_frame_in(uintptr_t start, size_t bytes)
{
	for (unsigned i = 0; i < last_count; i++)
		if (last_frames[i] - start < bytes)
			return true;
	return false;
}

__attribute__((noinline)) static void is_interrupted(int depth)
{
	if (depth > 0)
		is_interrupted(depth - 1);
	else
		raise(SIGUSR1);
	__asm__ volatile("");
}

static void signals_interrupt(void **state)
{
	struct sigaction action = {.sa_handler = handler};
	stack_t alternate = {.ss_sp = test_malloc(65536), .ss_size = 65536};

	(void)state;
	forgotten();
	assert_int_equal(sigaltstack(&alternate, NULL), 0);
	for (int on_alternate = 0; on_alternate < 2; on_alternate++) {
		action.sa_flags = on_alternate ? SA_ONSTACK : 0;
		assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
		for (int i = 0; i < 200; i++) {
			is_interrupted((int)below(4));
			assert_true(has_frame_in((uintptr_t)is_interrupted, 64));
			any_call(3);
		}
	}
	alternate.ss_flags = SS_DISABLE;
	assert_int_equal(sigaltstack(&alternate, NULL), 0);
	test_free(alternate.ss_sp);
}

/* Its CFA counts from rbx, as that of the dynamic linker's _dl_runtime_resolve. See below. */
void by_rbx(void (*callee)(void));

/* What is interrupted at its first instruction has pushed nothing yet, and what stands before it is another function. */
void one_instruction(void);
/* And what is interrupted just after it has pushed something. */
void two_instructions(void);
__asm__(".text\n"
	".globl one_instruction\n"
	".type one_instruction, @function\n"
	"one_instruction:\n"
	".cfi_startproc\n"
	"ud2\n"
	"ret\n"
	".cfi_endproc\n"
	".size one_instruction, .-one_instruction\n"
	".globl two_instructions\n"
	".type two_instructions, @function\n"
	"two_instructions:\n"
	".cfi_startproc\n"
	"pushq %rax\n"
	".cfi_adjust_cfa_offset 8\n"
	"ud2\n"
	"popq %rax\n"
	".cfi_adjust_cfa_offset -8\n"
	"ret\n"
	".cfi_endproc\n"
	".size two_instructions, .-two_instructions\n");

static void skip_ud2(int number, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	(void)number;
	(void)info;
	hook();
	interrupted->uc_mcontext.gregs[REG_RIP] += 2;
}

static void the_next_instruction_is_not_a_return_address(void **state)
{
	struct sigaction action = {.sa_sigaction = skip_ud2, .sa_flags = SA_SIGINFO};
	struct sigaction before;

	(void)state;
	forgotten();
	assert_int_equal(sigaction(SIGILL, &action, &before), 0);
	for (int i = 0; i < 2; i++) {
		void (*const interrupted)(void) = i ? two_instructions : one_instruction;

		interrupted();
		assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
		assert_true(has_frame_in((uintptr_t)interrupted, 2));
		by_rbx(interrupted); /* whose own frame takes all registers, through those that the kernel saved */
		assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
		assert_true(has_frame_in((uintptr_t)interrupted, 2));
		assert_true(has_frame_in((uintptr_t)by_rbx, 32));
	}
	assert_int_equal(sigaction(SIGILL, &before, NULL), 0);
}

/* ---- Contexts ---- */

static ucontext_t home;
static ucontext_t away;

static void fibre(void)
{
	for (int i = 0; i < 3; i++) {
		any_call(4);
		hook();
		assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
		swapcontext(&away, &home);
	}
}

/* Runs the fibre to its end on a stack that is gone before the next capture. */
static void run_fibre(void)
{
	size_t bytes = 64 * PAGE_BYTES;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	getcontext(&away);
	away.uc_stack.ss_sp = memory;
	away.uc_stack.ss_size = bytes;
	away.uc_link = &home;
	makecontext(&away, fibre, 0);
	for (int i = 0; i < 3; i++) {
		swapcontext(&home, &away);
		any_call(3);
		hook();
	}
	swapcontext(&home, &away); /* its last stack is the one that is remembered */
	munmap(memory, bytes);
	any_call(3);
	hook();
}

static void contexts_come_and_go(void **state)
{
	(void)state;
	forgotten();
	for (int round = 0; round < 30; round++)
		run_fibre();
	assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
}

/* ---- Hand-written code ---- */

/* Its CFA is an expression: the stack pointer that it has saved; the caller's rbp is in r12. */
void by_expression(void (*callee)(void));
/* No tables, and a frame pointer. */
void without_tables(void (*callee)(void));
/* No tables, and something else in rbp. */
void without_anything(void (*callee)(void), uintptr_t rbp);
/* Says that it has no caller, though it has. */
void outermost(void (*callee)(void));
__asm__(".text\n"
	".globl by_rbx, by_expression, without_tables, without_anything, outermost\n"
	".type by_rbx, @function\n"
	"by_rbx:\n"
	".cfi_startproc\n"
	"pushq %rbx\n"
	".cfi_adjust_cfa_offset 8\n"
	".cfi_offset rbx, -16\n"
	"movq %rsp, %rbx\n"
	".cfi_def_cfa_register rbx\n"
	"andq $-64, %rsp\n"
	"call *%rdi\n"
	"movq %rbx, %rsp\n"
	".cfi_def_cfa_register rsp\n"
	"popq %rbx\n"
	".cfi_adjust_cfa_offset -8\n"
	".cfi_restore rbx\n"
	"ret\n"
	".cfi_endproc\n"
	".size by_rbx, .-by_rbx\n"

	".type by_expression, @function\n"
	"by_expression:\n"
	".cfi_startproc\n"
	"pushq %r12\n"
	".cfi_adjust_cfa_offset 8\n"
	".cfi_offset r12, -16\n"
	"movq %rbp, %r12\n"
	".cfi_register rbp, r12\n"
	"movq $-1, %rbp\n"
	"movq %rsp, %rax\n"
	"subq $256, %rsp\n"
	"andq $-32, %rsp\n"
	"movq %rax, 16(%rsp)\n"
	".cfi_escape 0x0f, 5, 0x77, 16, 0x06, 0x23, 16\n" /* CFA: breg7 16, deref, plus_uconst 16 */
	"call *%rdi\n"
	"movq 16(%rsp), %rsp\n"
	".cfi_def_cfa rsp, 16\n"
	"movq %r12, %rbp\n"
	".cfi_restore rbp\n"
	"popq %r12\n"
	".cfi_adjust_cfa_offset -8\n"
	".cfi_restore r12\n"
	"ret\n"
	".cfi_endproc\n"
	".size by_expression, .-by_expression\n"

	".type without_tables, @function\n"
	"without_tables:\n"
	"pushq %rbp\n"
	"movq %rsp, %rbp\n"
	"subq $32, %rsp\n"
	"call *%rdi\n"
	"leave\n"
	"ret\n"
	".size without_tables, .-without_tables\n"

	".type without_anything, @function\n"
	"without_anything:\n"
	"pushq %rbp\n"
	"movq %rsi, %rbp\n"
	"call *%rdi\n"
	"popq %rbp\n"
	"ret\n"
	".size without_anything, .-without_anything\n"

	".type outermost, @function\n"
	"outermost:\n"
	".cfi_startproc\n"
	".cfi_undefined rip\n"
	"pushq %rax\n"
	".cfi_adjust_cfa_offset 8\n"
	"call *%rdi\n"
	"popq %rax\n"
	".cfi_adjust_cfa_offset -8\n"
	"ret\n"
	".cfi_endproc\n"
	".size outermost, .-outermost\n");

static void some_calls(void)
{
	any_call(3);
	hook();
}

static void odd_in_odd(void)
{
	by_expression(some_calls);
}

static void odd_frames_are_stepped_with_all_registers(void **state)
{
	(void)state;
	forgotten();
	for (int i = 0; i < 100; i++) {
		by_rbx(some_calls);
		assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
		assert_true(has_frame_in((uintptr_t)by_rbx, 32));
		assert_true(has_frame_in((uintptr_t)odd_frames_are_stepped_with_all_registers, 4096));
		by_expression(some_calls);
		assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
		assert_true(has_frame_in((uintptr_t)by_expression, 64));
		by_rbx(odd_in_odd);
		assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
		assert_true(has_frame_in((uintptr_t)by_rbx, 32));
		assert_true(has_frame_in((uintptr_t)by_expression, 64));
	}
}

static void frame_pointers_that_chain_are_followed(void **state)
{
	(void)state;
	captures = 1; /* libunwind goes its own way here */
	for (int i = 0; i < 20; i++) {
		without_tables(hook);
		captures = 1;
		assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
		assert_true(last_frames[0] - (uintptr_t)without_tables < 32);
		assert_true(last_frames[1] - (uintptr_t)frame_pointers_that_chain_are_followed < 4096);
	}
}

static void code_without_tables_ends_a_stack(void **state)
{
	static uintptr_t trap[4];
	uintptr_t elsewhere[2] = {0};
	static const uintptr_t values[] = {1, 8, 0x7ffffffffff8, UINTPTR_MAX - 7, 0x800000000000};
	uintptr_t here[4] = {0};

	(void)state;
	trap[0] = (uintptr_t)trap;
	trap[1] = 0x1234;
	here[0] = (uintptr_t)here; /* a chain that goes nowhere */
	here[1] = 0x5678;
	for (size_t i = 0; i < 9; i++) {
		uintptr_t value = i < 5    ? values[i]
				  : i == 5 ? (uintptr_t)trap
				  : i == 6 ? (uintptr_t)here
				  : i == 7 ? (uintptr_t)here + 1
					   : (uintptr_t)elsewhere;

		captures = 1;
		without_anything(hook, value);
		assert_int_equal(last_end, SEEP_UNWIND_LOST);
		assert_int_equal(last_count, 1);
		assert_true(last_frames[0] - (uintptr_t)without_anything < 32);
	}
}

static uintptr_t certain; /* a return address in code with tables, after a call */
static uintptr_t misleading; /* where a pair lies that looks like a frame's, though it is on no way outwards */

static void misled(void)
{
	without_anything(hook, misleading);
	assert_int_equal(last_end, SEEP_UNWIND_LOST);
	assert_int_equal(last_count, 1);
	captures = 1;
	swapcontext(&away, &home);
}

static void chains_stay_on_their_stack(void **state)
{
	size_t bytes = 16 * PAGE_BYTES;
	uintptr_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t on_another_stack[2] = {0};

	(void)state;
	assert_true(memory != MAP_FAILED);
	captures = 1;
	hook();
	certain = last_frames[0];
	memory[1] = certain; /* on the same stack, but inside */
	on_another_stack[1] = certain;
	for (int i = 0; i < 2; i++) {
		misleading = i ? (uintptr_t)memory : (uintptr_t)on_another_stack;
		captures = 1;
		getcontext(&away);
		away.uc_stack.ss_sp = memory;
		away.uc_stack.ss_size = bytes;
		makecontext(&away, misled, 0);
		swapcontext(&home, &away);
	}
	munmap(memory, bytes);
}

static void no_rule_for_the_return_address_ends_a_stack(void **state)
{
	(void)state;
	captures = 1;
	outermost(hook);
	assert_int_equal(last_end, SEEP_UNWIND_COMPLETE);
	assert_int_equal(last_count, 1);
}

/* ---- Stacks that are not there ---- */

static void set_row(uintptr_t pc, int64_t offset, unsigned flags, int64_t saved)
{
	store(pc, pc ^ seep_rows_salt(atomic_load(&seep_rows_generation)), pack(flags, offset, saved));
}

static void what_can_t_be_read_is_not_read(void **state)
{
	uint8_t *memory = mmap(NULL, 5 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t *words = (uintptr_t *)(memory + PAGE_BYTES);
	uintptr_t pc = 0x20000000;
	struct seep_unwind_start start = {.return_address = pc, .cfa = (uintptr_t)&words[8], .frame_pointer = 0};
	enum seep_unwind_end end;
	unsigned unchanged;

	(void)state;
	assert_true(memory != MAP_FAILED);
	/* Not unmapped, and as far as any step here leads: who knows what else is mapped nearby. */
	assert_int_equal(mprotect(memory, PAGE_BYTES, PROT_NONE), 0);
	assert_int_equal(mprotect(memory + 2 * PAGE_BYTES, 3 * PAGE_BYTES, PROT_NONE), 0);
	for (unsigned i = 0; i < PAGE_BYTES / 8; i++)
		words[i] = pc;
	seep_unwind_forget_code();

	/* Steps of 64 bytes up to the end of the page. */
	set_row(pc, 64, 0, 0);
	assert_int_equal(seep_unwind_capture(fresh, &start, 500, &unchanged, &end), 64);
	assert_int_equal(end, SEEP_UNWIND_LOST);

	/* One that leads beyond; one whose rbp is beyond, below, not aligned (where all would be well otherwise). */
	seep_unwind_forget_code();
	set_row(pc, 2 * PAGE_BYTES, 0, 0);
	assert_int_equal(seep_unwind_capture(fresh, &start, 500, &unchanged, &end), 1);
	seep_unwind_forget_code();
	set_row(pc, 16, SEEP_ROW_CFA_RBP | SEEP_ROW_RBP_SAVED, -16);
	for (int i = 0; i < 6; i++) {
		const uintptr_t values[] = {(uintptr_t)memory + 2 * PAGE_BYTES, (uintptr_t)memory,
			(uintptr_t)&words[9] + 4, 0, UINTPTR_MAX - 15, (uintptr_t)&words[2]};

		start.frame_pointer = values[i];
		assert_int_equal(seep_unwind_capture(fresh, &start, 500, &unchanged, &end), 1);
		assert_int_equal(end, SEEP_UNWIND_LOST);
	}
	memset(words, 0, PAGE_BYTES);
	memcpy((uint8_t *)&words[10] + 4, &pc, sizeof pc);
	start.frame_pointer = (uintptr_t)&words[9] + 4;
	assert_int_equal(seep_unwind_capture(fresh, &start, 500, &unchanged, &end), 1);
	assert_int_equal(end, SEEP_UNWIND_LOST);
	words[3] = pc; /* below rsp */
	start.frame_pointer = (uintptr_t)&words[2];
	assert_int_equal(seep_unwind_capture(fresh, &start, 500, &unchanged, &end), 1);
	assert_int_equal(end, SEEP_UNWIND_LOST);
	words[21] = pc;
	/* A circle ends where the limit is. */
	words[20] = (uintptr_t)&words[20];
	start.frame_pointer = (uintptr_t)&words[20];
	assert_int_equal(seep_unwind_capture(fresh, &start, 500, &unchanged, &end), 2);
	munmap(memory, 5 * PAGE_BYTES);
	seep_unwind_forget(fresh);
	seep_unwind_forget_code();
}

static void a_null_return_address_ends_a_stack(void **state)
{
	uintptr_t words[64] = {0};
	uintptr_t pc = 0x20000000;
	struct seep_unwind_start start = {.return_address = pc, .cfa = (uintptr_t)&words[1]};
	enum seep_unwind_end end;
	unsigned unchanged;
	unsigned count;

	(void)state;
	set_row(pc, 16, 0, 0);
	words[0] = words[2] = words[4] = pc;
	for (int i = 0; i < 2; i++) {
		count = seep_unwind_capture(fresh, &start, 50, &unchanged, &end);
		assert_int_equal(count, 3);
		assert_int_equal(end, SEEP_UNWIND_COMPLETE);
		assert_int_equal(unchanged, i ? 3 : 0);
		give_nodes(fresh, count, unchanged, end);
	}
	/* Exactly as many frames as the limit: nothing is cut. */
	seep_unwind_forget(fresh);
	count = seep_unwind_capture(fresh, &start, 3, &unchanged, &end);
	assert_int_equal(count, 3);
	assert_int_equal(end, SEEP_UNWIND_COMPLETE);
	give_nodes(fresh, count, unchanged, end);
	/* The end is compared, too. */
	words[6] = pc;
	count = seep_unwind_capture(fresh, &start, 50, &unchanged, &end);
	assert_int_equal(count, 4);
	assert_int_equal(unchanged, 0);
	/* And what is no address at all is not reported as one. */
	words[6] = 7;
	count = seep_unwind_capture(fresh, &start, 50, &unchanged, &end);
	assert_int_equal(count, 3);
	assert_int_equal(end, SEEP_UNWIND_LOST);
	seep_unwind_forget_code();
}

/* The kernel's frame, and what it interrupted: rsp is where the context says, and may differ next time though all else is equal. */
static void interrupted_frames_are_not_taken_for_others(void **state)
{
	static union {
		uintptr_t words[512];
		struct {
			uintptr_t restorer;
			ucontext_t context;
		} frame;
	} stack;
	greg_t *registers = stack.frame.context.uc_mcontext.gregs;
	uintptr_t pc = 0x20000000;
	uintptr_t restorer = 0x20000100;
	uintptr_t outer = 0x20000200;
	struct seep_unwind_start start = {.return_address = restorer, .cfa = (uintptr_t)&stack.words[1]};
	enum seep_unwind_end end;
	unsigned unchanged;

	(void)state;
	store(restorer, restorer ^ seep_rows_salt(atomic_load(&seep_rows_generation)), SEEP_ROW_SIGNAL);
	store(outer, outer ^ seep_rows_salt(atomic_load(&seep_rows_generation)), SEEP_ROW_END);
	store(pc, pc ^ seep_rows_salt(atomic_load(&seep_rows_generation)), SEEP_ROW_END);
	stack.frame.restorer = restorer;
	registers[REG_RIP] = (greg_t)one_instruction;
	registers[REG_RSP] = (greg_t)&stack.words[400];
	stack.words[400] = pc;
	stack.words[410] = outer;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(seep_unwind_capture(fresh, &start, 50, &unchanged, &end), 3);
		assert_int_equal(end, SEEP_UNWIND_COMPLETE);
		assert_int_equal(fresh->frames[1].return_address, (uintptr_t)one_instruction);
		assert_int_equal(fresh->frames[2].return_address, pc);
		assert_int_equal(
			unchanged, i ? 1 : 0); /* what was interrupted is walked anew, what is outside of it is not */
		give_nodes(fresh, 3, unchanged, end);
	}
	registers[REG_RSP] = (greg_t)&stack.words[410];
	assert_int_equal(seep_unwind_capture(fresh, &start, 50, &unchanged, &end), 3);
	assert_int_equal(fresh->frames[2].return_address, outer);
	give_nodes(fresh, 3, unchanged, end);

	/* A call whose return address stands just where the context has its own. */
	start.cfa = (uintptr_t)&registers[REG_RIP] + 8;
	start.return_address = (uintptr_t)one_instruction;
	set_row(start.return_address, (int64_t)(&stack.words[400] - (uintptr_t *)start.cfa + 1) * 8, 0, 0);
	assert_int_equal(seep_unwind_capture(fresh, &start, 50, &unchanged, &end), 2);
	assert_int_equal(fresh->frames[1].return_address, pc);
	seep_unwind_forget_code();
}

static void code_that_went_is_forgotten(void **state)
{
	uintptr_t words[64] = {0};
	uintptr_t pc = 0x20000000;
	struct seep_unwind_start start = {.return_address = pc, .cfa = (uintptr_t)&words[1]};
	enum seep_unwind_end end;
	unsigned unchanged;

	(void)state;
	set_row(pc, 16, 0, 0);
	words[0] = words[2] = words[6] = pc;
	assert_int_equal(seep_unwind_capture(fresh, &start, 50, &unchanged, &end), 2);
	give_nodes(fresh, 2, unchanged, end);
	seep_unwind_forget_code();
	assert_int_equal(seep_unwind_capture(fresh, &start, 50, &unchanged, &end), 1);
	assert_int_equal(end, SEEP_UNWIND_LOST);
	assert_int_equal(unchanged, 0);
	set_row(pc, 48, 0, 0);
	assert_int_equal(seep_unwind_capture(fresh, &start, 50, &unchanged, &end), 2);
	assert_int_equal(fresh->frames[1].slot, (uintptr_t)&words[6]);
	/* Also after as many times as a key can count. */
	for (int i = 0; i < 65536; i++)
		seep_unwind_forget_code();
	assert_int_equal(seep_unwind_capture(fresh, &start, 50, &unchanged, &end), 1);
}

/* ---- Rows ---- */

static void rows_share_a_place(void **state)
{
	struct seep_cfi_workspace room;
	uint64_t salt = seep_rows_salt(atomic_load(&seep_rows_generation));

	(void)state;
	for (unsigned i = 0; i < SEEP_ROWS_WAYS; i++)
		set_row(0x30000000 + i * SEEP_ROWS, 8 + 8 * i, 0, 0);
	for (unsigned i = 0; i < SEEP_ROWS_WAYS; i++)
		assert_int_equal(
			seep_row_offset(seep_rows_get(0x30000000 + i * SEEP_ROWS, salt, &room)), 8 + 8 * (int64_t)i);
	/* One more has to push another out, and nothing else. */
	set_row(0x30000000 + 9 * SEEP_ROWS, 800, 0, 0);
	assert_int_equal(seep_row_offset(seep_rows_get(0x30000000 + 9 * SEEP_ROWS, salt, &room)), 800);
}

struct case_of_row {
	const char *name;
	struct seep_cfi_rules rules;
	seep_row row;
};

#define RETURNS .return_column = SEEP_CFI_RIP, .registers[SEEP_CFI_RIP] = {.kind = SEEP_CFI_OFFSET, .value = -8}
#define CFA(number, offset) .cfa_register = (number), .cfa = {.kind = SEEP_CFI_REGISTER, .value = (offset)}
#define RBP(how, where) .registers[SEEP_CFI_RBP] = {.kind = (how), .value = (where)}

static void what_a_row_can_say(void **state)
{
	const struct case_of_row cases[] = {
		{"rsp", {RETURNS, CFA(SEEP_CFI_RSP, 48)}, UINT64_C(48) << 32},
		{"rsp, saves", {RETURNS, CFA(SEEP_CFI_RSP, 48), RBP(SEEP_CFI_OFFSET, -48)},
			UINT64_C(48) << 32 | SEEP_ROW_RBP_SAVED | 0xfffa},
		{"rsp, saves below itself", {RETURNS, CFA(SEEP_CFI_RSP, 48), RBP(SEEP_CFI_OFFSET, -56)}, SEEP_ROW_FULL},
		{"saves above the CFA", {RETURNS, CFA(SEEP_CFI_RSP, 48), RBP(SEEP_CFI_OFFSET, 0)}, SEEP_ROW_FULL},
		{"rbp", {RETURNS, CFA(SEEP_CFI_RBP, 16), RBP(SEEP_CFI_OFFSET, -16)},
			UINT64_C(16) << 32 | SEEP_ROW_RBP_SAVED | SEEP_ROW_CFA_RBP | 0xfffe},
		{"rbx", {RETURNS, CFA(SEEP_CFI_RBX, 16)}, SEEP_ROW_FULL},
		{"too near", {RETURNS, CFA(SEEP_CFI_RSP, 0)}, SEEP_ROW_FULL},
		{"not a word", {RETURNS, CFA(SEEP_CFI_RSP, 20)}, SEEP_ROW_FULL},
		{"too far", {RETURNS, CFA(SEEP_CFI_RSP, INT64_C(1) << 31)}, SEEP_ROW_FULL},
		{"far", {RETURNS, CFA(SEEP_CFI_RSP, (INT64_C(1) << 31) - 8)}, UINT64_C(0x7ffffff8) << 32},
		{"saved too far", {RETURNS, CFA(SEEP_CFI_RSP, 400000), RBP(SEEP_CFI_OFFSET, -300000)}, SEEP_ROW_FULL},
		{"in a register", {RETURNS, CFA(SEEP_CFI_RSP, 48), RBP(SEEP_CFI_REGISTER, 12)}, SEEP_ROW_FULL},
		{"unknown rbp", {RETURNS, CFA(SEEP_CFI_RSP, 48), RBP(SEEP_CFI_UNDEFINED, 0)}, SEEP_ROW_FULL},
		{"no caller",
			{.return_column = SEEP_CFI_RIP,
				CFA(SEEP_CFI_RSP, 8),
				.registers[SEEP_CFI_RIP].kind = SEEP_CFI_UNDEFINED},
			SEEP_ROW_END},
		{"returns from elsewhere",
			{.return_column = SEEP_CFI_RIP,
				CFA(SEEP_CFI_RSP, 16),
				.registers[SEEP_CFI_RIP] = {.kind = SEEP_CFI_OFFSET, .value = -16}},
			SEEP_ROW_FULL},
		{"a signal frame like no kernel's", {RETURNS, CFA(SEEP_CFI_RSP, 16), .signal_frame = true},
			SEEP_ROW_FULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		seep_row row = seep_row_from(&cases[i].rules);

		if (row != cases[i].row)
			fail_msg("%s: %#lx and not %#lx", cases[i].name, (unsigned long)row,
				(unsigned long)cases[i].row);
	}
}

static int set_up(void **state)
{
	(void)state;
	fresh = new_unwinder();
	if (!seep_unwind_start(false) || !seep_oracle_open()) {
		print_error("libunwind.so.8 is not there: apt-get install libunwind8\n");
		return -1;
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_every_kind),
		cmocka_unit_test(the_leaf_end_is_kept),
		cmocka_unit_test(threads_begin_somewhere),
		cmocka_unit_test(signals_interrupt),
		cmocka_unit_test(the_next_instruction_is_not_a_return_address),
		cmocka_unit_test(contexts_come_and_go),
		cmocka_unit_test(odd_frames_are_stepped_with_all_registers),
		cmocka_unit_test(frame_pointers_that_chain_are_followed),
		cmocka_unit_test(code_without_tables_ends_a_stack),
		cmocka_unit_test(chains_stay_on_their_stack),
		cmocka_unit_test(no_rule_for_the_return_address_ends_a_stack),
		cmocka_unit_test(what_can_t_be_read_is_not_read),
		cmocka_unit_test(a_null_return_address_ends_a_stack),
		cmocka_unit_test(interrupted_frames_are_not_taken_for_others),
		cmocka_unit_test(code_that_went_is_forgotten),
		cmocka_unit_test(rows_share_a_place),
		cmocka_unit_test(what_a_row_can_say),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}

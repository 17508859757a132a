/* SPDX-License-Identifier: Apache-2.0
 *
 * What a capture costs, in nanoseconds, by depth and by how much of the stack is new. By hand, on a quiet machine:
 *
 *   gcc -O2 -g -fno-builtin -D_GNU_SOURCE -Iinclude -o build/bench-unwind bench/unwind.c && build/bench-unwind
 *
 *   same       the same stack again: an allocation in a loop
 *   leaf       the four frames next to the leaf are others each time; the rest is the same
 *   all        nothing is remembered, every frame is stepped by its row
 *   a frame    the same, for each frame
 *   libunwind  the same stack by libunwind
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "../preload/cfi.c"
#include "../preload/cfi_find.c"
#include "../preload/cfi_step.c"
#include "../preload/kernel.c"
#include "../preload/segments.c"
#include "../preload/rows_x86_64.c"
#include "../preload/detour_x86_64.c"
#include "../preload/oracle.c"
#include "../preload/unwind_x86_64.c"

#define ROUNDS 200000
#define RUNS 7

static struct seep_unwinder unwinder;
static unsigned frames;
static bool recalls = true;

typedef void deed(void);

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* A hook, with the owner's part of the work as far as it belongs to the capture: a node for each new frame. */
__attribute__((noinline)) static void hook(void)
{
	enum seep_unwind_end end;
	unsigned unchanged;
	SEEP_UNWIND_START(start);

	if (recalls && seep_unwind_recall(&unwinder, &start, 128, &end))
		return;
	frames = seep_unwind_capture(&unwinder, &start, 128, &unchanged, &end);
	for (unsigned i = frames - unchanged; i-- > 0;)
		unwinder.frames[i].node = 1;
	if (recalls)
		seep_unwind_remember(&unwinder);
}

__attribute__((noinline)) static void empty_hook(void)
{
	SEEP_UNWIND_START(start);
	__asm__ volatile("" : : "r"(&start) : "memory");
}

#define CALLS(name, callee) \
	__attribute__((noinline)) static void name(void) \
	{ \
		callee(); \
		__asm__ volatile("# " #name); \
	}
CALLS(a1, hook)
CALLS(a2, a1)
CALLS(a3, a2)
CALLS(b1, hook)
CALLS(b2, b1)
CALLS(b3, b2)
CALLS(e1, empty_hook)

static void same(void)
{
	for (int i = 0; i < ROUNDS; i++)
		a1();
}

static void leaf(void)
{
	for (int i = 0; i < ROUNDS; i += 2) {
		a3();
		b3();
	}
}

static void all(void)
{
	recalls = false;
	for (int i = 0; i < ROUNDS; i++) {
		unwinder.generation = 0;
		a1();
	}
	recalls = true;
}

static void by_oracle(void)
{
	recalls = false;
	by_libunwind = true;
	for (int i = 0; i < ROUNDS / 20; i++)
		a1();
	by_libunwind = false;
	recalls = true;
	unwinder.generation = 0;
}

static void nothing(void)
{
	for (int i = 0; i < ROUNDS; i++)
		e1();
}

/* Frames of different sizes, some with rbp as a register of the program's, as real ones are. */
__attribute__((noinline)) static int descend(int depth, deed *work, int x)
{
	volatile char room[16 + 32];

	room[0] = (char)x;
	if (depth <= 0)
		work();
	else if (depth % 3 == 0)
		x += descend(depth - 1, work, x * 3) + room[0];
	else
		x -= descend(depth - 1, work, x + 7) * room[0];
	__asm__ volatile("" : : : "rbx", "r12", "r13");
	return x;
}

static double measure(int depth, deed *work, int rounds)
{
	double best = 1e9;

	for (int run = 0; run < RUNS; run++) {
		uint64_t begin = now();
		double each;

		descend(depth, work, run);
		each = (double)(now() - begin) / rounds;
		if (each < best)
			best = each;
	}
	return best;
}

int main(void)
{
	bool oracle = seep_oracle_open();

	printf("%8s %8s %8s %8s %8s %10s\n", "depth", "same", "leaf", "all", "a frame", "libunwind");
	for (int wanted = 8; wanted <= 100; wanted += wanted == 8 ? 12 : wanted == 20 ? 30 : 50) {
		int depth = wanted - 6; /* the rest: a1, the deed, main and what calls it */
		double base = measure(depth, nothing, ROUNDS);
		double whole;

		measure(depth, same, ROUNDS);
		printf("%8u", frames);
		printf(" %8.1f", measure(depth, same, ROUNDS) - base);
		printf(" %8.1f", measure(depth, leaf, ROUNDS) - base);
		whole = measure(depth, all, ROUNDS) - base;
		printf(" %8.1f %8.2f", whole, whole / frames);
		if (oracle)
			printf(" %10.1f", measure(depth, by_oracle, ROUNDS / 20));
		printf("\n");
	}
	return 0;
}

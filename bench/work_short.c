/* SPDX-License-Identifier: Apache-2.0
 *
 * work_short.c: short-lived blocks on one thread, and little else: a calculator with long numbers of 2 to 19 words.
 * Each step adds two of its 64 numbers and puts the sum, a new block, in the place of a third, which is freed.
 *   work_short [BLOCKS [FRAMES]]
 * FRAMES functions of the program are on the stack of each block, main among them: 2 (main's callee allocates), or 6
 * and more. Of those the outer ones stay for 16 blocks at a time, and the three inner ones change from block to
 * block, through 16 paths.
 */
#include "work.h"

enum { NUMBERS = 64, BURST = 16 };

struct number {
	uint64_t length;
	uint64_t words[];
};

struct run {
	struct number *numbers[NUMBERS];
	uint64_t random;
	uint64_t allocated;
	volatile unsigned passed;
};

static inline uint64_t number_word(const struct number *number, uint64_t index)
{
	return number && index < number->length ? number->words[index] : 1;
}

/* sum is the new block; one and other may be NULL, or longer or shorter. */
static inline void number_add(struct number *sum, const struct number *one, const struct number *other)
{
	unsigned char carry = 0;

	for (uint64_t i = 0; i < sum->length; i++) {
		uint64_t first = number_word(one, i) + carry;

		carry = first < carry;
		sum->words[i] = first + number_word(other, i);
		carry += sum->words[i] < first;
	}
}

/* The size, where the result goes, and the two that are added. */
struct step {
	uint64_t length;
	struct number **result, *one, *other;
};

static inline struct step step_choose(struct run *run)
{
	uint64_t random = work_random(&run->random);

	run->allocated++;
	return (struct step){.length = 2 + (random >> 40) % 18,
		.result = &run->numbers[random >> 58],
		.one = run->numbers[random >> 52 & 63],
		.other = run->numbers[random >> 46 & 63]};
}

static inline void step_finish(const struct step *step, struct number *sum)
{
	sum->length = step->length;
	number_add(sum, step->one, step->other);
	free(*step->result);
	*step->result = sum;
}

static inline size_t step_bytes(const struct step *step)
{
	return sizeof(struct number) + step->length * sizeof(uint64_t);
}

#define LEAF(name) \
	static FRAME void name(struct run *run) \
	{ \
		struct step step = step_choose(run); \
\
		step_finish(&step, work_check(malloc(step_bytes(&step)))); \
	}
LEAF(leaf_a)
LEAF(leaf_b)
LEAF(leaf_c)
LEAF(leaf_d)

#define INNER(name, one, other, padding) \
	static FRAME void name(struct run *run, unsigned turn) \
	{ \
		volatile char locals[padding]; \
\
		locals[0] = (char)turn; \
		if (turn & 1) \
			one(run); \
		else \
			other(run); \
		run->passed += (unsigned char)locals[0]; \
	}
INNER(inner_a, leaf_a, leaf_b, 24)
INNER(inner_b, leaf_c, leaf_d, 56)
INNER(inner_c, leaf_b, leaf_c, 104)
INNER(inner_d, leaf_d, leaf_a, 40)

static FRAME void choose(struct run *run, unsigned turn)
{
	switch (turn >> 2 & 3) {
	case 0:
		inner_a(run, turn);
		break;
	case 1:
		inner_b(run, turn >> 1);
		break;
	case 2:
		inner_c(run, turn);
		break;
	default:
		inner_d(run, turn >> 1);
		break;
	}
}

static FRAME void burst(struct run *run)
{
	for (unsigned turn = 0; turn < BURST; turn++)
		choose(run, turn);
}

/* The outer frames: four functions of different frames, in turn. */
static FRAME void outer_a(struct run *run, unsigned frames);

static FRAME void outer_d(struct run *run, unsigned frames)
{
	volatile char locals[88];

	locals[0] = (char)frames;
	if (frames > 1)
		outer_a(run, frames - 1);
	else
		burst(run);
	run->passed += (unsigned char)locals[0];
}

#define OUTER(name, following, padding) \
	static FRAME void name(struct run *run, unsigned frames) \
	{ \
		volatile char locals[padding]; \
\
		locals[0] = (char)frames; \
		if (frames > 1) \
			following(run, frames - 1); \
		else \
			burst(run); \
		run->passed += (unsigned char)locals[0]; \
	}
OUTER(outer_c, outer_d, 24)
OUTER(outer_b, outer_c, 152)
OUTER(outer_a, outer_b, 40)

static FRAME void shallow(struct run *run, uint64_t blocks)
{
	while (run->allocated < blocks) {
		struct step step = step_choose(run);

		step_finish(&step, work_check(malloc(step_bytes(&step))));
	}
}

int main(int argc, char **argv)
{
	static struct run run = {.random = 0x5ee9};
	uint64_t blocks = work_argument(argc, argv, 1, 1000000);
	uint64_t frames = work_argument(argc, argv, 2, 8);

	if (frames <= 2)
		shallow(&run, blocks);
	/* main, burst, choose, inner and leaf are the other five. */
	while (run.allocated < blocks)
		outer_a(&run, (unsigned)(frames > 6 ? frames - 5 : 1));
	for (int i = 0; i < NUMBERS; i++)
		free(run.numbers[i]);
	work_print("allocations", run.allocated);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * work_recursion.c: a tree-recursive program, as parsers and solvers are: three functions call each other from three
 * places each, 13 levels deep, and every call has one block while it runs. Each path through the tree is a stack of
 * its own: about 460,000 of them, up to 15 frames of the program, the same in every pass.
 *   work_recursion [PASSES [LEVELS]]
 */
#include "work.h"

struct walk {
	uint64_t allocated;
	uint64_t sum;
	unsigned levels;
};

struct term {
	uint64_t path;
	uint64_t value;
	unsigned char text[];
};

/* 61 of 64 calls are made, always the same ones: the path decides. */
static inline int is_grown(uint64_t path)
{
	return (path * 0x9e3779b97f4a7c15 >> 58) >= 3;
}

static FRAME uint64_t expression(struct walk *walk, unsigned level, uint64_t path);
static FRAME uint64_t product(struct walk *walk, unsigned level, uint64_t path);
static FRAME uint64_t operand(struct walk *walk, unsigned level, uint64_t path);

#define FUNCTION(name, first, second, third, text_bytes) \
	static FRAME uint64_t name(struct walk *walk, unsigned level, uint64_t path) \
	{ \
		struct term *term = work_check(malloc(sizeof(*term) + (text_bytes) + (path & 31))); \
		uint64_t child = path * 4 + 1; \
\
		walk->allocated++; \
		term->path = path; \
		term->value = level; \
		memset(term->text, (int)path, (text_bytes)); \
		if (level < walk->levels) { \
			if (is_grown(child)) \
				term->value += first(walk, level + 1, child); \
			if (is_grown(child + 1)) \
				term->value += second(walk, level + 1, child + 1); \
			if (is_grown(child + 2)) \
				term->value += third(walk, level + 1, child + 2); \
		} \
		path = term->value ^ term->path; \
		free(term); \
		return path; \
	}
FUNCTION(expression, product, product, operand, 24)
FUNCTION(product, operand, operand, expression, 40)
FUNCTION(operand, expression, product, operand, 8)

static FRAME void pass(struct walk *walk)
{
	walk->sum += expression(walk, 1, 1);
}

int main(int argc, char **argv)
{
	uint64_t passes = work_argument(argc, argv, 1, 2);
	struct walk walk = {.levels = (unsigned)work_argument(argc, argv, 2, 13)};

	for (uint64_t i = 0; i < passes; i++)
		pass(&walk);
	work_print("stacks", passes ? walk.allocated / passes : 0);
	work_print("sum", walk.sum);
	work_print("allocations", walk.allocated);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_stack.h: one call stack as the gate sees it: names, files and modules at once, in memory that outlives the trace
 * that it came from. gate_stacks.c makes them; suppressions, start-up memory, verdict and outputs read them.
 */
#ifndef SEEP_GATE_STACK_H
#define SEEP_GATE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Leaf first, what was inlined before what it was inlined into. No string holds a control character. */
struct seep_gate_frame {
	const char *function; /* readable; never NULL */
	const char *linkage; /* as the linker knows the function; NULL: unknown, or this frame was inlined */
	const char *
		called; /* the function of another module that it called, as the linker knows it; NULL: unknown, or of its own module */
	const char *file; /* as in the debug information; NULL: unknown */
	unsigned line; /* 0: unknown */
	const char *module; /* base name; "": no known module */
	const char *module_path; /* as the process saw it; "": no known module */
	const char *module_real_path; /* the same without symbolic links, as far as this machine can tell */
	bool inlined;
	bool named; /* function is a real symbol's name */
	bool own; /* in code that the gate is to judge, and not in an installed library */
};

struct seep_gate_stack {
	uint64_t id; /* stays the same in another build and on another machine; not that of seep report */
	struct seep_gate_frame *frames;
	size_t count;
	size_t at; /* the frame that names the site; 0 also for an empty stack */
	const char *allocator; /* "calloc": the function that the leaf called; NULL: not known. Part of no frame */
	const char *component;
	const char *tag; /* NULL: none */
	bool own; /* some frame is */
	bool whole; /* nothing was cut at the outer end */
	const char *start_reason; /* why this is start-up memory of the runtime; NULL: it is not */
};

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_measure.h: what a gate's traces say, process by process: what each left unfreed, at which stacks, and whether that can be relied on.
 * cmd_gate.c adds traces, gate.c judges. For one thread at a time.
 */
#ifndef SEEP_GATE_MEASURE_H
#define SEEP_GATE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "gate_stacks.h"
#include "policy.h"
#include "suppressions.h"

enum seep_gate_state {
	SEEP_GATE_MEASURED,
	SEEP_GATE_UNRELIABLE, /* `reason` says why no verdict can be built on it */
	SEEP_GATE_FOREIGN, /* it ran none of the project's code */
	SEEP_GATE_EXECUTED, /* it became another program, which has a trace of its own */
	SEEP_GATE_UNMARKED, /* it has none of the marks that the policy names */
};

struct seep_gate_tally {
	struct seep_gate_stack *stack;
	struct seep_trace_count unfreed;
};

struct seep_gate_process {
	const char *trace; /* file */
	const char *name; /* of the executable, without its folders */
	uint32_t pid;
	enum seep_gate_state state;
	const char *reason; /* why it is not measured; a part of a sentence */
	uint32_t signal; /* that killed it; 0: none did */
	bool own; /* the executable itself is the project's */
	uint64_t allocations;
	struct seep_trace_count unfreed;
	uint64_t peak_bytes;
	struct seep_gate_tally *tallies;
	size_t tally_count;
	struct seep_suppressions *brought; /* by the program itself; NULL: none */
};

struct seep_gate_measure {
	const struct seep_policy *policy;
	struct seep_gate_stacks *stacks; /* shared with other measures */
	struct seep_gate_process *processes;
	size_t count, capacity;
	bool *seen; /* by budget of the policy: some process allocated for that component */
	struct seep_brought *brought; /* by executable */
	size_t brought_count, brought_capacity;
	const char **remarks; /* about suppressions that programs bring */
	size_t remark_count, remark_capacity;
};

/* Policy and stacks have to outlive it. Returns 0 or -1. */
int seep_gate_measure_open(struct seep_gate_measure *m, const struct seep_policy *policy,
	struct seep_gate_stacks *stacks, struct seep_error *error);

/* Adds a trace. Returns 0; -1 with *error set if it can't be read. */
int seep_gate_measure_add(struct seep_gate_measure *m, const char *path, struct seep_error *error);

/* Adds a process of which there is no trace, and why. Returns 0, or -1 without memory. */
int seep_gate_measure_missing(struct seep_gate_measure *m, const char *name, uint32_t pid, const char *reason);

void seep_gate_measure_close(struct seep_gate_measure *m);

#endif

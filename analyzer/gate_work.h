/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_work.h: all that one gate works with, opened in the right order, from a policy to a verdict. For cmd_gate.c and cmd_suppress.c.
 * For one thread at a time.
 */
#ifndef SEEP_GATE_WORK_H
#define SEEP_GATE_WORK_H

#include "gate.h"

#define SEEP_GATE_RUNS_MAX 3

struct seep_gate_work {
	/* Filled by the caller, from the options. */
	struct seep_policy policy; /* begun with seep_policy_init */
	const char *policy_file; /* NULL: the default one */
	bool baseline_may_be_missing; /* it is about to be written */

	struct seep_suppressions *suppressions;
	struct seep_sources *sources;
	struct seep_baseline *baseline; /* NULL: none */
	struct seep_gate_stacks *stacks;
	struct seep_gate_measure measures[SEEP_GATE_RUNS_MAX];
	size_t measure_count;
	struct seep_verdict verdict;
	struct seep_error error; /* of whatever returned -1 */
};

/* Reads policy, suppressions and baseline. Returns 0 or -1. */
int seep_gate_work_open(struct seep_gate_work *w);

/* One more measure; NULL with the error set. */
struct seep_gate_measure *seep_gate_work_measure(struct seep_gate_work *w);

/* Measures traces, and all traces in folders and below them. Returns 0 or -1. */
int seep_gate_work_traces(struct seep_gate_work *w, char **paths, size_t count);

/* Judges what was measured, also anew. `status` and `reason` as in seep_gate_case. Returns 0 or -1. */
int seep_gate_work_judge(struct seep_gate_work *w, int status, const char *reason);

/* Also after a failure. */
void seep_gate_work_close(struct seep_gate_work *w);

#endif

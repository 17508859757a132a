/* SPDX-License-Identifier: Apache-2.0
 *
 * gate.h: the one verdict of which every output of `seep gate` is a view. gate.c works it out from measures; scale.c does so
 * for --scale. For one thread at a time.
 *
 * Figures of a site are those of the process that has most of it: so they do not depend on how many tests there are, and a
 * baseline and a budget hold for each process by itself.
 */
#ifndef SEEP_GATE_H
#define SEEP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "baseline.h"
#include "error.h"
#include "gate_measure.h"
#include "gate_stack.h"
#include "policy.h"
#include "sources.h"
#include "suppressions.h"

enum seep_gate_answer { SEEP_GATE_PASS, SEEP_GATE_LEAK, SEEP_GATE_INCONCLUSIVE };

/* What becomes of a site's unfreed blocks. Only the first kind makes a gate fail. */
enum seep_gate_fate {
	SEEP_GATE_FAILS,
	SEEP_GATE_WITHIN_BUDGET,
	SEEP_GATE_IN_BASELINE,
	SEEP_GATE_ONCE, /* with --scale: does not grow with the iterations */
	SEEP_GATE_SUPPRESSED,
	SEEP_GATE_START_MEMORY,
	SEEP_GATE_NOT_OWN, /* in code that is not the project's, of a program that is not */
};
extern const char *const seep_gate_fate_names[]; /* in the same order, for programs: "leak", "within-budget", ... */

/* Against the baseline. */
enum seep_gate_change { SEEP_GATE_NO_BASELINE, SEEP_GATE_NEW, SEEP_GATE_SAME, SEEP_GATE_GREW, SEEP_GATE_SHRANK };
extern const char *const seep_gate_change_names[];

/* What a process has of one id, with all its lines: what a baseline knows of. */
struct seep_gate_group {
	uint64_t id;
	const struct seep_gate_stack *stack; /* of all that have this id, the one with the most bytes */
	struct seep_trace_count
		unfreed; /* of the process that has most bytes of it, and most blocks; without what is not judged */
	struct seep_trace_count known; /* by the baseline */
	enum seep_gate_change change;

	/* For gate.c and gate_sites.c. */
	uint64_t stack_bytes; /* the most bytes that one stack has in one process */
	size_t of_process; /* the process that `now` is about, plus one */
	struct seep_trace_count now;
};

/* One line of the project's code, reached in one way. */
struct seep_gate_site {
	uint64_t id;
	unsigned ordinal; /* 1, 2, ... among the sites with this id, which differ by their line only */
	size_t group;
	enum seep_gate_fate fate;
	enum seep_gate_change change;
	const struct seep_gate_stack *stack; /* of all at this line, the one with the most bytes */
	const struct seep_gate_frame *at; /* the frame that names it; NULL: it has no stack */
	const char *function; /* never NULL */
	const char *file; /* as sources.h names it; NULL: unknown */
	unsigned line; /* 0: unknown */
	bool below_root; /* the file is */
	struct seep_trace_count unfreed; /* of the process that has most bytes of it, and most blocks */
	struct seep_trace_count total; /* of all processes */
	struct seep_trace_count known; /* by the baseline, of all sites with this id */
	size_t processes; /* that have any */
	const char *process; /* that has most bytes: "NAME (pid)" */
	struct seep_suppression
		*suppression; /* with SEEP_GATE_SUPPRESSED; else one that would match, had it not expired, or NULL */
	const char *reason; /* with SEEP_GATE_START_MEMORY */
	struct seep_trace_count at_iterations[3]; /* with --scale: of all processes of the runs */
	double bytes_per_iteration, blocks_per_iteration;

	/* For gate.c, gate_sites.c and scale.c. */
	uint64_t stack_bytes;
	size_t of_process;
	struct seep_trace_count now;
};

/* How far a budget was used, by the process that used most of it. */
struct seep_gate_budget {
	const char *component; /* NULL: the whole, or what no component's budget covers */
	bool rest; /* the latter */
	uint64_t max_bytes, max_blocks; /* SEEP_POLICY_UNSET: any */
	struct seep_trace_count used;
	const char *process;
	bool exceeded;
};

struct seep_gate_peak {
	uint64_t max_bytes; /* SEEP_POLICY_UNSET: any */
	uint64_t bytes; /* the highest of any process */
	const char *process;
	bool exceeded;
};

struct seep_verdict {
	enum seep_gate_answer answer;
	int command_status; /* of the command's last run; -1: none was run */
	int exit_code;

	const char **reasons; /* why it is inconclusive: sentences without a full stop */
	size_t reason_count, reason_capacity;
	const char **notes; /* what else one should know */
	size_t note_count, note_capacity;

	struct seep_gate_site *sites; /* what fails first; then by fate, and by bytes */
	size_t site_count, site_capacity;
	size_t fails; /* how many of them fail */
	struct seep_gate_group *groups; /* by id; of what is judged */
	size_t group_count, group_capacity;
	struct seep_trace_count by_fate[SEEP_GATE_NOT_OWN + 1]; /* totals of all processes */

	struct seep_gate_budget *budgets; /* the whole first */
	size_t budget_count;
	struct seep_gate_peak peak;

	struct seep_baseline_site *gone; /* of the baseline: not there any more */
	size_t gone_count;
	bool has_baseline, baseline_updated;

	size_t runs; /* with --scale: 2 or 3, by policy->iterations; else 0 */
	size_t judged, foreign, unreliable, executed, unmarked; /* processes */
	uint64_t allocations; /* of the judged ones */

	const struct seep_policy *policy;
	const struct seep_suppressions *suppressions; /* what was read from files */
	struct seep_sources *sources;
	struct seep_arena arena;
};

/* What a verdict is worked out from; all of it has to outlive it. */
struct seep_gate_case {
	const struct seep_policy *policy;
	struct seep_suppressions *suppressions;
	struct seep_sources *sources;
	const struct seep_baseline *baseline; /* NULL: none */
	const struct seep_gate_measure *measures; /* one; with --scale two or three, by iterations */
	size_t measure_count;
	const uint64_t *iterations; /* of each measure */
	int command_status; /* -1: no command was run */
	const char *reason; /* why the command itself was not measured; NULL: it was */
};

/* Judges. Returns 0, or -1 without memory. */
int seep_gate_judge(struct seep_verdict *v, const struct seep_gate_case *c, struct seep_error *error);

/* Adds a sentence. Returns 0, or -1 without memory. */
int seep_gate_reason(struct seep_verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
int seep_gate_note(struct seep_verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Works out the exit code from answer, command's status and policy. */
void seep_gate_conclude(struct seep_verdict *v);

/* The judged sites as a baseline would hold them; to be freed with seep_baseline_free. NULL: out of memory. */
struct seep_baseline *seep_gate_baseline(const struct seep_verdict *v);

/* "src/session.c:12", or "in libfoo.so" where no line is known; "" where nothing is. Lives as long as the verdict. */
const char *seep_gate_place(struct seep_verdict *v, const struct seep_gate_frame *frame);

void seep_gate_clear(struct seep_verdict *v);

#endif

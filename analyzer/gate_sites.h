/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_sites.h: the tallies of processes become the sites of a verdict: merged by id and line, with their fate as far as it
 * does not depend on budgets. gate.c and scale.c call it, nobody else. For one thread at a time.
 */
#ifndef SEEP_GATE_SITES_H
#define SEEP_GATE_SITES_H

#include "gate.h"
#include "map.h"

struct seep_gate_sites {
	struct seep_verdict *verdict;
	const struct seep_gate_case *of;
	struct seep_map index; /* id; line and fate -> number in verdict->sites */
	struct seep_map group_index; /* id -> number in verdict->groups */
	struct seep_map matches; /* stack, suppressions of the program -> number in matched */
	struct seep_suppression **matched; /* NULL: none */
	size_t matched_count, matched_capacity;
	size_t *touched; /* sites that the last process had something of */
	size_t touched_count, touched_capacity;
	size_t *touched_groups; /* the same; of what is judged */
	size_t touched_group_count, touched_group_capacity;
	size_t processes; /* taken so far */
};

void seep_gate_sites_open(struct seep_gate_sites *s, struct seep_verdict *verdict, const struct seep_gate_case *of);

/* Takes what a process left. Then each touched site and group holds in `now` what it has of this process. What may fail has SEEP_GATE_WITHIN_BUDGET for now.
 * Returns 0, or -1 without memory. */
int seep_gate_sites_take(struct seep_gate_sites *s, const struct seep_gate_process *process);

/* When all are taken and their fates are settled: names the places, sums up, sorts. */
void seep_gate_sites_finish(struct seep_gate_sites *s);

void seep_gate_sites_close(struct seep_gate_sites *s);

/* The file in which a site with this stack is shown, as sources.h names it; NULL: none is known. */
const char *seep_gate_sites_file(struct seep_sources *sources, const struct seep_gate_stack *stack);

/* "NAME (pid)"; NULL without memory. */
const char *seep_gate_process_label(struct seep_verdict *v, const struct seep_gate_process *process);

#endif

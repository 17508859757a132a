/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.h: what a gate allows: the keys of seep-gate.ini, each of which is an option of `seep gate` too. One table says
 * what they are. For one thread at a time.
 *
 *     max-unfreed = 4K
 *     suppressions = third-party.supp
 *
 *     [component session handling]
 *     max-unfreed = 0
 */
#ifndef SEEP_POLICY_H
#define SEEP_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "memory.h"
#include "naming.h"
#include "options.h"

#define SEEP_POLICY_FILE "seep-gate.ini" /* looked for in the working directory */
#define SEEP_POLICY_UNSET UINT64_MAX /* a number that nobody gave */
#define SEEP_POLICY_KEYS 24

/* What the blocks of a component, or of the whole, may come to. */
struct seep_budget {
	const char *component; /* NULL: the whole, or where nothing is said of it, what no component's budget covers */
	bool rest; /* the latter */
	uint64_t max_bytes; /* SEEP_POLICY_UNSET: any */
	uint64_t max_blocks;
};

struct seep_policy {
	/* As they were given; what they mean is worked out by seep_policy_finish. */
	struct seep_list max_unfreed, max_blocks; /* "SIZE" or "COMPONENT=SIZE" */
	const char *scale; /* "N,M" or "N,M,L" */
	bool no_builtin;

	uint64_t max_peak;
	const char *since, *until; /* marks; NULL: from the start, to the end */
	const char *baseline;
	struct seep_list suppressions; /* files */
	struct seep_list code; /* globs of paths */
	uint64_t error_exitcode;
	const char *root; /* folder; NULL: to be found */
	struct seep_list path_maps; /* "FROM=TO" */
	const char *junit, *sarif, *gitlab, *markdown, *json; /* files */
	bool github;
	struct seep_naming_options naming;

	/* Worked out. */
	struct seep_budget *budgets; /* the first is the whole's; then a component each, in the order of the file */
	size_t budget_count, budget_capacity;
	uint64_t iterations[3]; /* of --scale; the last is 0 where it was not given */
	bool scales;
	const char *file; /* the policy file that was read; NULL: none */
	struct seep_arena arena;
};

/* Nothing is set. */
void seep_policy_init(struct seep_policy *policy);

/* The keys as rows of a command's table of options; `rows` has room for SEEP_POLICY_KEYS. Returns how many. */
size_t seep_policy_options(struct seep_policy *policy, struct seep_option *rows);

/* Adds what a policy file says and the options did not. `path` NULL: SEEP_POLICY_FILE where it exists. File names in it count from its own
 * folder. Returns 0, or -1 with "FILE:LINE: ...". */
int seep_policy_read(struct seep_policy *policy, const char *path, struct seep_error *error);

/* Works out what was given, at last. Returns 0, or -1 with what is wrong. */
int seep_policy_finish(struct seep_policy *policy, struct seep_error *error);

/* The number of the budget that a component's blocks count against: of its own one, or 0. */
size_t seep_policy_budget(const struct seep_policy *policy, const char *component);

void seep_policy_clear(struct seep_policy *policy);

#endif

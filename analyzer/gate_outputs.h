/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_outputs.h: the verdict in the formats that reviewers' tools read. Each writes to a stream, whose errors are left to the
 * caller, and returns 0, or -1 without memory. For one thread at a time.
 */
#ifndef SEEP_GATE_OUTPUTS_H
#define SEEP_GATE_OUTPUTS_H

#include <stdio.h>

#include "gate.h"

/* JUnit's XML: a test case for each budget, for the peak, and for each site that is leaked or suppressed. */
int seep_junit_write(FILE *out, struct seep_verdict *v);

/* SARIF 2.1.0 (OASIS): a result for each site that is leaked, in the baseline, gone from it or suppressed. */
int seep_sarif_write(FILE *out, struct seep_verdict *v);

/* GitLab's code quality report: what is leaked. */
int seep_gitlab_write(FILE *out, struct seep_verdict *v);

/* Everything, in the schema seep-gate/1. */
int seep_gate_json_write(FILE *out, struct seep_verdict *v);

/* Markdown, at most about so many bytes: sites that find no room are counted. */
int seep_markdown_write(FILE *out, struct seep_verdict *v, size_t max_bytes);

/* GitHub Actions' commands for annotations, at most as many as it shows of one step. */
int seep_github_write(FILE *out, struct seep_verdict *v);

/* Appends the Markdown to GitHub's job summary, within what it takes. `path`: the value of GITHUB_STEP_SUMMARY. Returns 0 or -1 with *error. */
int seep_github_summarize(const char *path, struct seep_verdict *v, struct seep_error *error);

#endif

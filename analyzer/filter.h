/* SPDX-License-Identifier: Apache-2.0
 *
 * filter.h: which sites a report takes: `--filter function:GLOB` and its like. Called by report.c for every site.
 */
#ifndef SEEP_FILTER_H
#define SEEP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "components.h"
#include "error.h"
#include "paths.h"

struct seep_filter;

/* Each text is KIND:GLOB with the kinds function, file, module (of any frame of the stack), component and tag. The texts have to outlive the filter. */
int seep_filter_open(struct seep_filter **filter, const char *const *texts, size_t count, struct seep_error *error);

/* Whether for each kind that is named one of its globs matches. Returns 1, 0, or -1 without memory. */
int seep_filter_match(struct seep_filter *filter, struct seep_paths *paths, uint32_t path, const char *tag,
	const struct seep_components *components);

void seep_filter_close(struct seep_filter *filter);

#endif

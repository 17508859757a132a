/* SPDX-License-Identifier: Apache-2.0
 *
 * suggestions.h: a first rules file for components, from where the memory of a trace is held. cmd_components.c shows it. For
 * one thread at a time.
 */
#ifndef SEEP_SUGGESTIONS_H
#define SEEP_SUGGESTIONS_H

#include <stdio.h>

struct seep_report;

/* Writes a section for each source directory, or module without known sources, that names sites of the report (by site,
 * with all its rows), with a comment that says how much it holds. Loaded as rules, they sort the sites as the sections say. Returns 0, or -1
 * without memory; whether the stream took it is the caller's to check. */
int seep_suggestions_write(FILE *stream, const struct seep_report *report);

#endif

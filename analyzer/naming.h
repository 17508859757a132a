/* SPDX-License-Identifier: Apache-2.0
 *
 * naming.h: all that turns a trace's addresses into names for people: symbols, wrappers, components. Opened together by
 * the commands, from the options that they share.
 */
#ifndef SEEP_NAMING_H
#define SEEP_NAMING_H

#include <stdbool.h>

#include "components.h"
#include "error.h"
#include "model.h"
#include "options.h"
#include "symbols.h"
#include "wrappers.h"

struct seep_naming {
	struct seep_symbols *symbols;
	struct seep_wrappers *wrappers;
	struct seep_components *components;
};

struct seep_naming_options {
	bool debuginfod;
	struct seep_list search; /* folders */
	const char *wrappers; /* file, NULL: none */
	const char *components; /* file, NULL: the default one */
};

/* Their rows in a command's table of options. */
#define SEEP_NAMING_OPTIONS(options) \
	{"symbols", 0, SEEP_OPTION_LIST, &(options)->search, "DIR", \
		"look for binaries and debug files below DIR too (repeatable)", NULL}, \
		{"debuginfod", 0, SEEP_OPTION_FLAG, &(options)->debuginfod, NULL, \
			"ask the servers of DEBUGINFOD_URLS for what is missing", NULL}, \
		{"wrappers", 0, SEEP_OPTION_TEXT, &(options)->wrappers, "FILE", \
			"more functions that only wrap malloc, one glob a line", NULL}, \
	{ \
		"components", 0, SEEP_OPTION_TEXT, &(options)->components, "FILE", \
			"which part of the program a site belongs to\n(default: seep.components in the working " \
			"directory)", \
			NULL \
	}

/* Opens all three for a trace, which has to outlive them. Returns 0, or -1 with *error set and nothing open. */
int seep_naming_open(struct seep_naming *naming, const struct seep_naming_options *options,
	const struct seep_trace *trace, struct seep_error *error);

void seep_naming_close(struct seep_naming *naming);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * options.h: a command's options as a table, from which come the parsing (getopt_long), the --help text and the
 * errors with a suggestion. Used by all cmd_*.c.
 */
#ifndef SEEP_OPTIONS_H
#define SEEP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"

enum seep_option_kind {
	SEEP_OPTION_FLAG, /* bool: set to true */
	SEEP_OPTION_TEXT, /* const char *: the argument itself, not a copy */
	SEEP_OPTION_LIST, /* struct seep_list: one more item each time */
	SEEP_OPTION_NUMBER, /* uint64_t: decimal */
	SEEP_OPTION_BYTES, /* uint64_t: decimal with K, M, G, T (or KiB, MB, ..: all are powers of 1024) */
	SEEP_OPTION_CHOICE, /* unsigned: position of the argument in choices */
};

struct seep_list {
	const char **items; /* allocated; freed by seep_list_clear */
	size_t count;
};

struct seep_option {
	const char *name; /* without the dashes */
	char letter; /* short form, 0: none */
	enum seep_option_kind kind;
	void *target; /* a pointer to what the kind says */
	const char *argument; /* name of the argument in the help text; NULL for a flag */
	const char *help; /* one line, or several with '\n' */
	const char *const *choices; /* SEEP_OPTION_CHOICE: ends with NULL */
};

enum seep_operands {
	SEEP_OPERANDS_ANYWHERE, /* options and operands may be mixed */
	SEEP_OPERANDS_LAST, /* the first operand ends the options: what follows belongs to another program */
};

/* Parses argv by the table, which ends with an entry without a name; --help is understood without being in it. On success returns -1, and
 * *first is the index of the first operand in argv (which getopt_long may have reordered). Otherwise everything has been said already and
 * the return value is the exit code for main. */
int seep_options_parse(const struct seep_command *command, const struct seep_option *options,
	enum seep_operands operands, int argc, char **argv, int *first);

/* "1536", "64K", "1.5MiB" -> bytes. Returns 0, or -1 where the text is no size. */
int seep_options_bytes(const char *text, uint64_t *bytes);

/* The candidate closest to what was typed, or NULL where none is close. Ends with NULL. */
const char *seep_options_nearest(const char *typed, const char *const *candidates);

void seep_list_clear(struct seep_list *list);

#endif

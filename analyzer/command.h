/* SPDX-License-Identifier: Apache-2.0
 *
 * command.h: the shape of a subcommand. Each cmd_*.c exports one constant of it, and the table in main.c is the list
 * of them. A command owns the conversation with people; what it calls returns a status and a sentence.
 */
#ifndef SEEP_COMMAND_H
#define SEEP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#ifndef SEEP_VERSION
#define SEEP_VERSION "0.1.0" /* the Makefile passes the real one */
#endif

enum seep_exit {
	SEEP_EXIT_DONE = 0,
	SEEP_EXIT_NO = 1, /* the answer is "no": a gate failed, a command is not known to be clean */
	SEEP_EXIT_USAGE = 2, /* bad usage or input, or the output could not be written */
	SEEP_EXIT_INCONCLUSIVE = 3, /* nothing was measured */
};

struct seep_command {
	const char *name; /* as it is typed */
	const char *summary; /* one line in `seep help` */
	const char *usage; /* what follows the name: "[options] TRACE" */
	const char *help; /* paragraphs of `seep NAME --help` between the usage and the options; NULL: none */
	int (*run)(const struct seep_command *command, int argc,
		char **argv); /* argv[0] is the name; returns an exit code */
};

extern const struct seep_command *const seep_commands[]; /* all of them, ends with NULL */

/* Writes "seep NAME: " and the sentence to stderr. A NULL command stands for seep itself. Returns SEEP_EXIT_USAGE. */
int seep_command_fail(const struct seep_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

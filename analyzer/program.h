/* SPDX-License-Identifier: Apache-2.0
 *
 * program.h: what `seep run` must know of a command before it starts it: where it is, and whether a preload can reach it.
 */
#ifndef SEEP_PROGRAM_H
#define SEEP_PROGRAM_H

#include <limits.h>

#include "error.h"

enum seep_program_reach {
	SEEP_PROGRAM_TRACEABLE,
	SEEP_PROGRAM_STATIC, /* no dynamic linker, so nothing is preloaded */
	SEEP_PROGRAM_PRIVILEGED, /* setuid, setgid or file capabilities: the dynamic linker ignores LD_PRELOAD */
	SEEP_PROGRAM_FOREIGN, /* of another architecture than libseep.so */
};

struct seep_program {
	char path[PATH_MAX]; /* what would be executed */
	char image[PATH_MAX]; /* the ELF file that runs in the end: the interpreter, if path is a script */
	enum seep_program_reach reach; /* of image */
};

/* Finds the command as execvp would. Returns 0; or 127 (not found) or 126 (can't be executed), the shell's own exit codes, with
 * a sentence. */
int seep_program_find(struct seep_program *program, const char *command, struct seep_error *error);

#endif

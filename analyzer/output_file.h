/* SPDX-License-Identifier: Apache-2.0
 *
 * output_file.h: a file that is written beside its place and then put there, so that nobody ever sees half of it: neither a reader, nor a second gate
 * that writes to the same name at the same time. For the gate's reports and its baseline, and for a trace that was recovered.
 */
#ifndef SEEP_OUTPUT_FILE_H
#define SEEP_OUTPUT_FILE_H

#include <stdio.h>

#include "error.h"

struct seep_output_file {
	FILE *stream; /* write errors are left to seep_output_file_close */
	const char *path;
	char *part; /* NULL: the path is no regular file (a pipe, a link, /dev/stdout), and is written to directly */
};

/* The path has to outlive it. Returns 0, or -1. */
int seep_output_file_open(struct seep_output_file *file, const char *path, struct seep_error *error);

/* Puts it in its place. Returns 0, or -1, and then what was there before still is. */
int seep_output_file_close(struct seep_output_file *file, struct seep_error *error);

/* Leaves what was there before. */
void seep_output_file_drop(struct seep_output_file *file);

#endif

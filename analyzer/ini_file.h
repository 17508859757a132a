/* SPDX-License-Identifier: Apache-2.0
 *
 * ini_file.h: reads a file of [section] and "key = value" lines with inih, so that no line is cut without a word and every
 * message names the line. policy.c calls it. For one thread at a time.
 */
#ifndef SEEP_INI_FILE_H
#define SEEP_INI_FILE_H

#include "error.h"

/* Called for each "key = value" line ("" is the section before the first one), and with key NULL where a section begins. The strings
 * live until it returns. Returns 0, or -1 with what was expected instead in *error. */
typedef int (*seep_ini_handler)(
	void *context, const char *section, const char *key, const char *value, struct seep_error *error);

/* Returns 0, or -1 with "PATH:LINE: ..." in *error. */
int seep_ini_read(const char *path, seep_ini_handler handler, void *context, struct seep_error *error);

#endif

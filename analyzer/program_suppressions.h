/* SPDX-License-Identifier: Apache-2.0
 *
 * program_suppressions.h: suppressions that a program brings itself, for LeakSanitizer, in a function
 * `const char *__lsan_default_suppressions(void)`. The gate asks for each executable. Any thread.
 */
#ifndef SEEP_PROGRAM_SUPPRESSIONS_H
#define SEEP_PROGRAM_SUPPRESSIONS_H

#include "error.h"
#include "model.h"

/* Looks for the function in the executable that ran, a module of the trace. It is not called: that it returns the address of a constant text, which all such
 * functions do, is read from its code. Returns 0 with *text NULL where there is no such function, or with a text to be freed; or -1 with
 * why the text can't be told. */
int seep_program_suppressions(const struct seep_module *executable, char **text, struct seep_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * error.h: how code of the analyzer says what went wrong. Functions that can fail take a struct seep_error and
 * return 0, or -1 with one sentence in it that names the file, what was expected and what the user can do. Only the
 * cmd_*.c files show such a sentence to people.
 */
#ifndef SEEP_ERROR_H
#define SEEP_ERROR_H

struct seep_error {
	char text[512]; /* valid after a failure; no newline at the end; cut to fit */
};

/* Stores the sentence and returns -1, so that failing is one statement: return seep_error_set(error, ...). A NULL error is allowed. */
int seep_error_set(struct seep_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * load.h: visits to the session server, each to be answered exactly as expected, so that how many sessions were
 * abandoned and how many logins were refused is known and not estimated.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>

struct load {
	unsigned port;
	unsigned threads;
	unsigned seconds; /* over which the visits are spread evenly; 0: as fast as possible */
	unsigned abandoned; /* visits that end without a logout: their sessions expire */
	unsigned logged_out; /* visits that end with one */
	unsigned refused; /* logins with a wrong password */
	unsigned items; /* that each visitor puts into the cart */
	const char *password;
};

struct load_run;

/* Starts the threads. Returns NULL, after saying why on standard error, when that is not possible. `load` stays the
 * caller's and must live until load_finish(). */
struct load_run *load_start(const struct load *load);

/* Whether all visits are over, without waiting. */
bool load_is_over(struct load_run *run);

/* Waits for the threads and frees the run. Returns whether every answer was the expected one; the first that was not has
 * been told on standard error. */
bool load_finish(struct load_run *run);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * units.h: numbers as people read them. Used by all that prints for people. Any thread.
 */
#ifndef SEEP_UNITS_H
#define SEEP_UNITS_H

#include <stdint.h>

/* Room for any of these texts. The functions return the buffer, so that they fit into an argument of printf. */
struct seep_unit {
	char text[32];
};

const char *seep_unit_bytes(struct seep_unit *u, uint64_t bytes); /* "1200 B", "43.4 KiB", "2.10 GiB" */
const char *seep_unit_count(struct seep_unit *u, uint64_t count); /* "1,203,441" */
const char *seep_unit_duration(
	struct seep_unit *u, uint64_t ns); /* "350 ms", "12.4 s", "3 min 20 s", "2 h 5 min", "3 d 4 h" */
const char *seep_unit_share(struct seep_unit *u, uint64_t part, uint64_t whole); /* "97 %", "0.3 %", "-" of nothing */

#endif

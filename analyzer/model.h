/* SPDX-License-Identifier: Apache-2.0
 *
 * model.h: what a trace says, as plain structures: modules, the stack tree, tags, epochs, notes, the end. The reader fills them, history.c and
 * report.c compute from them. Everything in here has been checked: indices are in range, strings are terminated.
 */
#ifndef SEEP_MODEL_H
#define SEEP_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* One load of one file into the traced process. */
struct seep_module {
	uint32_t number; /* as stack nodes name it; never 0 */
	const char *path; /* as the traced process saw it */
	uint64_t start, end; /* addresses [start, end) of the process */
	uint64_t bias; /* process address = address in the ELF file + bias */
	uint8_t build_id[20];
	unsigned build_id_bytes; /* 0: none was recorded */
	bool gone; /* was unloaded while the recording went on */
};

#endif

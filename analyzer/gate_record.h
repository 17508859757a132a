/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_record.h: runs a gate's command, recorded, and adds what it left to a measure. cmd_gate.c calls it. One at a time in a
 * process; single-threaded.
 */
#ifndef SEEP_GATE_RECORD_H
#define SEEP_GATE_RECORD_H

#include "error.h"
#include "gate_measure.h"

struct seep_gate_recording {
	const char *output; /* pattern for the traces, which stay; NULL: a temporary folder, which goes */
	struct seep_gate_measure *measure; /* of policy and stacks */
	int status; /* of the command, as a shell has it; -1: it was not run, or a signal ended it */
	char reason
		[700]; /* why the command itself was not measured to its end, a sentence without a full stop; "": it was, or its process says so itself */
};

/* Runs argv, which ends with NULL. Returns 0, also where the command was not recorded or not even found; or -1 with *error set. */
int seep_gate_record(struct seep_gate_recording *r, char **argv, struct seep_error *error);

#endif

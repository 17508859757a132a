/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_text.h: the verdict for people: first the answer, then each leak with its lines and its stack.
 */
#ifndef SEEP_GATE_TEXT_H
#define SEEP_GATE_TEXT_H

#include "gate.h"
#include "output.h"

struct seep_gate_text_options {
	bool quiet; /* nothing where the gate passes */
	bool verbose; /* also what does not fail, site by site */
};

/* Write errors are left to the stream. */
void seep_gate_text_write(
	const struct seep_output *output, struct seep_verdict *v, const struct seep_gate_text_options *options);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * support_gate.h: stacks and processes of a gate made by hand, so that a verdict can be worked out from figures that are known.
 * Every failure fails the test.
 */
#ifndef SEEP_TESTS_SUPPORT_GATE_H
#define SEEP_TESTS_SUPPORT_GATE_H

#include "gate.h"

/* A stack from a text: frames leaf first, separated by '<', each FUNCTION, or FUNCTION@FILE:LINE, or FUNCTION!MODULE; the
 * module is "app", which is the project's, unless it is said. What is in another module is not the project's. Kept until made_clear. */
struct seep_gate_stack *made_stack(const char *text);

/* A process with tallies; `text` as for made_stack, with "BLOCKS*BYTES " in front of each stack, stacks separated by ';'. bytes are those of all the blocks. */
void made_process(struct seep_gate_measure *m, const char *name, const char *text);

/* The site of the verdict whose function is this; fails the test if there is none. */
const struct seep_gate_site *made_site(const struct seep_verdict *v, const char *function);

void made_clear(struct seep_gate_measure *measures, size_t count);

#endif

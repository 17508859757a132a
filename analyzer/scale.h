/* SPDX-License-Identifier: Apache-2.0
 *
 * scale.h: which sites hold more memory the more iterations a command makes: leaks of one operation, told apart from all that
 * is allocated once. gate.c calls it. For one thread at a time.
 */
#ifndef SEEP_SCALE_H
#define SEEP_SCALE_H

#include "gate_sites.h"

/* Settles the fates of all sites from two runs, or three. Returns 0, or -1 without memory. */
int seep_scale_judge(struct seep_gate_sites *s);

#endif

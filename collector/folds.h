/* SPDX-License-Identifier: Apache-2.0
 *
 * folds.h: counts the blocks that were allocated and freed within a nursery (FOLDS in include/seep/wire.h), each once.
 */
#ifndef SEEP_COLLECTOR_FOLDS_H
#define SEEP_COLLECTOR_FOLDS_H

#include "drain.h"

#include <stdbool.h>
#include <stdint.h>

/* An entry's last state before it changed its stack, from the ring. False: it can't be true. */
bool seep_folds_sent(struct seep_drain *d, uint32_t number, const struct seep_fold *fold);

/* Counts what the entries of all segments hold and has not been counted yet. */
void seep_folds_harvest(struct seep_drain *d);

/* Counts an entry's state that a collector which was killed had counted. False: it can't have. */
bool seep_folds_again(struct seep_drain *d, uint32_t number, const struct seep_fold *fold);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * live.h: writes the blocks that are live at the end.
 */
#ifndef SEEP_COLLECTOR_LIVE_H
#define SEEP_COLLECTOR_LIVE_H

#include "blocks.h"
#include "sites.h"
#include "writer.h"

/* Writes all blocks but the inherited ones. Uses up the table: only seep_blocks_close is allowed afterwards. Returns 0,
 * or -1 with errno. */
int seep_live_write(struct seep_blocks *blocks, const struct seep_sites *sites, struct seep_writer *writer);

#endif

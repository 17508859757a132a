/* SPDX-License-Identifier: Apache-2.0
 *
 * live.h: writes the blocks that are live at the end.
 */
#ifndef SEEP_COLLECTOR_LIVE_H
#define SEEP_COLLECTOR_LIVE_H

#include "books.h"
#include "writer.h"

/* Writes all blocks but the inherited ones, once the books are settled. Uses up their table: only seep_books_close is allowed
 * afterwards. Returns 0, or -1 with errno. */
int seep_live_write(struct seep_books *books, struct seep_writer *writer);

#endif

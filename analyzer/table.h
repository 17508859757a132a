/* SPDX-License-Identifier: Apache-2.0
 *
 * table.h: columns that line up, within the width of the terminal. For text.c and cmd_info.c.
 */
#ifndef SEEP_TABLE_H
#define SEEP_TABLE_H

#include "output.h"

enum seep_table_kind {
	SEEP_TABLE_LEFT,
	SEEP_TABLE_RIGHT, /* numbers */
	SEEP_TABLE_SHRINKS, /* left, and cut at its end where the terminal is too narrow */
	SEEP_TABLE_SHRINKS_START, /* the same, but cut at its beginning */
};

struct seep_table_column {
	const char *title; /* NULL ends the list */
	enum seep_table_kind kind;
};

struct seep_table;

/* Columns as listed; the list is copied, the titles are not. NULL: out of memory. */
struct seep_table *seep_table_create(const struct seep_table_column *columns);

/* One row: a text for each column, printable (printable.h), which has to live until the table is written. Returns 0, or -1 without memory (also where
 * a text is NULL, so that a failed allocation needs no check of its own). */
int seep_table_add(struct seep_table *table, const char *const *cells);

/* Returns 0, or -1 without memory. */
int seep_table_write(const struct seep_table *table, const struct seep_output *output);

void seep_table_free(struct seep_table *table);

#endif

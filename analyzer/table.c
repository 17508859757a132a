/* SPDX-License-Identifier: Apache-2.0
 *
 * table.c: keeps the cells until all are known, then sets the widths and writes.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "printable.h"
#include "table.h"

#define GAP 2u
#define SHRUNK_MIN 10u
#define SHRUNK_PIPED 60u /* where there is no terminal: so that one monster of a name does not push all else away */

struct seep_table {
	struct seep_table_column *columns;
	size_t column_count;
	const char **cells; /* row after row */
	size_t cell_count, cell_capacity;
};

struct seep_table *seep_table_create(const struct seep_table_column *columns)
{
	struct seep_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	while (columns[t->column_count].title)
		t->column_count++;
	t->columns = calloc(t->column_count + 1, sizeof(*t->columns));
	if (!t->columns) {
		free(t);
		return NULL;
	}
	memcpy(t->columns, columns, t->column_count * sizeof(*t->columns));
	return t;
}

int seep_table_add(struct seep_table *t, const char *const *cells)
{
	if (seep_array_reserve(&t->cells, &t->cell_capacity, t->cell_count + t->column_count, sizeof(*t->cells)) < 0)
		return -1;
	for (size_t i = 0; i < t->column_count; i++) {
		if (!cells[i])
			return -1;
		t->cells[t->cell_count + i] = cells[i];
	}
	t->cell_count += t->column_count;
	return 0;
}

static bool shrinks(const struct seep_table *t, size_t column)
{
	return t->columns[column].kind == SEEP_TABLE_SHRINKS || t->columns[column].kind == SEEP_TABLE_SHRINKS_START;
}

/* As wide as the widest cell; columns that shrink give way as far as the terminal asks. */
static void set_widths(const struct seep_table *t, unsigned terminal, size_t *widths)
{
	size_t total = GAP * (t->column_count - 1);

	for (size_t i = 0; i < t->column_count; i++)
		widths[i] = seep_columns(t->columns[i].title);
	for (size_t i = 0; i < t->cell_count; i++) {
		size_t columns = seep_columns(t->cells[i]);

		if (columns > widths[i % t->column_count])
			widths[i % t->column_count] = columns;
	}
	for (size_t i = 0; i < t->column_count; i++) {
		if (shrinks(t, i) && widths[i] > SHRUNK_PIPED)
			widths[i] = SHRUNK_PIPED;
		total += widths[i];
	}
	for (size_t i = 0; i < t->column_count && terminal && total > terminal; i++) {
		size_t over = total - terminal, spare = widths[i] > SHRUNK_MIN ? widths[i] - SHRUNK_MIN : 0;

		if (!shrinks(t, i))
			continue;
		widths[i] -= over < spare ? over : spare;
		total -= over < spare ? over : spare;
	}
}

static const char *shrunk(
	const struct seep_table *t, size_t column, const char *cell, size_t width, struct seep_arena *arena)
{
	switch (t->columns[column].kind) {
	case SEEP_TABLE_SHRINKS:
		return seep_cut_end(arena, cell, width);
	case SEEP_TABLE_SHRINKS_START:
		return seep_cut_start(arena, cell, width);
	default:
		return cell;
	}
}

static void put_row(
	const struct seep_table *t, FILE *out, const char *const *cells, const size_t *widths, struct seep_arena *arena)
{
	int blank = 0; /* owed before the next text, so that no line ends in blanks */

	for (size_t i = 0; i < t->column_count; i++) {
		const char *cell = shrunk(t, i, cells[i], widths[i], arena);
		int pad = (int)(widths[i] - seep_columns(cell));
		bool right = t->columns[i].kind == SEEP_TABLE_RIGHT;

		if (*cell)
			fprintf(out, "%*s%s", blank + (right ? pad : 0), "", cell);
		if (*cell)
			blank = (int)GAP + (right ? 0 : pad);
		else
			blank += (int)GAP + pad;
	}
	fputc('\n', out);
}

int seep_table_write(const struct seep_table *t, const struct seep_output *output)
{
	size_t *widths = malloc(t->column_count * sizeof(*widths));
	const char **titles = malloc(t->column_count * sizeof(*titles));
	struct seep_arena arena = {0};
	int result = widths && titles ? 0 : -1;

	if (result == 0) {
		set_widths(t, output->width, widths);
		for (size_t i = 0; i < t->column_count; i++)
			titles[i] = t->columns[i].title;
		fputs(seep_output_style(output, SEEP_STYLE_FAINT), output->stream);
		put_row(t, output->stream, titles, widths, &arena);
		fputs(seep_output_style(output, SEEP_STYLE_PLAIN), output->stream);
		for (size_t i = 0; i < t->cell_count; i += t->column_count)
			put_row(t, output->stream, t->cells + i, widths, &arena);
	}
	seep_arena_clear(&arena);
	free(widths);
	free(titles);
	return result;
}

void seep_table_free(struct seep_table *t)
{
	if (!t)
		return;
	free(t->columns);
	free(t->cells);
	free(t);
}

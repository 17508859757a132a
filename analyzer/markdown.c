/* SPDX-License-Identifier: Apache-2.0
 *
 * markdown.c: the verdict as Markdown, for a job summary, a comment or a chat: one table, and under it the lines and the
 * stack of each leak, folded away.
 */
#include <stdlib.h>
#include <string.h>

#include "gate_outputs.h"
#include "gate_view.h"

#define FRAMES_MAX 30
#define TAIL_BYTES 400 /* for what is said at the end */

/* What Markdown or HTML would take for its own. Function names are full of it: operator<<, vector<int>*, __init__. */
static void put(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else {
			if (strchr("\\`*_[]|#~", *text))
				fputc('\\', out);
			fputc(*text, out);
		}
	}
}

/* In <pre> only HTML counts. */
static void put_plain(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else
			fputc(*text, out);
}

static void put_place(FILE *out, const struct seep_gate_site *site)
{
	put(out, site->file ? site->file : site->stack->count ? site->at->module : "");
	if (site->file && site->line)
		fprintf(out, ":%u", site->line);
}

static void put_row(FILE *out, struct seep_verdict *v, const struct seep_gate_site *site)
{
	fputs("| ", out);
	put(out, seep_gate_leaked(v, site));
	fputs(" | ", out);
	put(out, site->function);
	fputs(" | ", out);
	put_place(out, site);
	fputs(" | ", out);
	put(out, site->stack->component);
	fputs(" | ", out);
	put(out, seep_gate_change(v, site));
	fputs(" |\n", out);
}

static void put_details(FILE *out, struct seep_verdict *v, const struct seep_gate_site *site)
{
	struct seep_source_line source[SEEP_SOURCE_LINES];
	struct seep_gate_line lines[FRAMES_MAX];
	size_t count = site->file ? seep_sources_around(v->sources, site->file, site->line, source) : 0;

	fputs("<details><summary>", out);
	put_plain(out, seep_gate_sentence(v, site));
	fputs("</summary>\n\n<pre>\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s %5u | ", source[i].number == site->line ? "&gt;" : " ", source[i].number);
		put_plain(out, source[i].text);
		fputc('\n', out);
	}
	if (count)
		fputc('\n', out);
	count = seep_gate_lines(v, site->stack, 0, lines, FRAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		put_plain(out, lines[i].function);
		fputs("  ", out);
		put_plain(out, lines[i].place);
		fputc('\n', out);
	}
	fputs("</pre>\n</details>\n\n", out);
}

static void put_head(FILE *out, struct seep_verdict *v)
{
	static const char *const signs[] = {"\u2705", "\u274c", "\u2754"};

	fprintf(out, "### %s seep gate: ", signs[v->answer]);
	put(out, seep_gate_headline(v));
	fputs("\n\n", out);
	for (size_t i = v->answer == SEEP_GATE_INCONCLUSIVE ? 1 : 0; i < v->reason_count; i++) {
		fputs("- not measured: ", out);
		put(out, v->reasons[i]);
		fputc('\n', out);
	}
	for (size_t i = 0; i < v->gone_count; i++) {
		fputs("- gone, and can be taken out of the baseline: ", out);
		put(out, seep_gate_amount(v, &v->gone[i].unfreed));
		fputs(", ", out);
		put(out, v->gone[i].function);
		fputc('\n', out);
	}
	if (v->by_fate[SEEP_GATE_SUPPRESSED].count)
		fprintf(out, "- suppressed: %s\n", seep_gate_amount(v, &v->by_fate[SEEP_GATE_SUPPRESSED]));
	fputc('\n', out);
}

/* Writes one part into memory, and then to `out` if there is room for it. Returns 1, 0 or -1. */
static int put_part(FILE *out, struct seep_verdict *v, const struct seep_gate_site *site, size_t *room,
	void (*write_part)(FILE *, struct seep_verdict *, const struct seep_gate_site *))
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);
	int result = memory ? 0 : -1;

	if (memory) {
		write_part(memory, v, site);
		if (fclose(memory) != 0)
			result = -1;
	}
	if (result == 0 && bytes <= *room) {
		fwrite(text, 1, bytes, out);
		*room -= bytes;
		result = 1;
	}
	free(text);
	return result;
}

static void put_title(FILE *out, struct seep_verdict *v, const struct seep_gate_site *site)
{
	(void)site;
	put_head(out, v);
	if (v->fails)
		fputs("| leaked | by | at | component | baseline |\n|---|---|---|---|---|\n", out);
}

int seep_markdown_write(FILE *out, struct seep_verdict *v, size_t max_bytes)
{
	size_t room = max_bytes > TAIL_BYTES ? max_bytes - TAIL_BYTES : 0, rows, details;
	int result = put_part(out, v, NULL, &room, put_title);

	if (result <= 0)
		return result;
	for (rows = 0; rows < v->fails && result > 0; rows += result > 0)
		result = put_part(out, v, &v->sites[rows], &room, put_row);
	if (result >= 0 && rows < v->fails)
		fprintf(out, "\n%zu more sites found no room here.\n", v->fails - rows);
	fputc('\n', out);
	for (details = 0; details < rows && result > 0; details += result > 0)
		result = put_part(out, v, &v->sites[details], &room, put_details);
	return result < 0 ? -1 : 0;
}

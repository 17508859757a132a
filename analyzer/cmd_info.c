/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_info.c: `seep info`: what is in a trace, and whether it is whole. Needs no symbols.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "command_trace.h"
#include "endings.h"
#include "options.h"
#include "output.h"
#include "pen.h"
#include "reader.h"
#include "remarks.h"
#include "table.h"
#include "units.h"

struct writer {
	struct seep_pen pen;
	const struct seep_output *out;
	const struct seep_trace *trace;
};

static const char *safe(struct writer *w, const char *text)
{
	return seep_pen_safe(&w->pen, text);
}

static const char *keep(struct writer *w, const char *text)
{
	return seep_pen_keep(&w->pen, text);
}

static const char *keep_count(struct writer *w, uint64_t count)
{
	struct seep_unit unit;

	return keep(w, seep_unit_count(&unit, count));
}

static const char *keep_bytes(struct writer *w, uint64_t bytes)
{
	struct seep_unit unit;

	return keep(w, seep_unit_bytes(&unit, bytes));
}

static void put_field(struct writer *w, const char *name)
{
	fprintf(w->out->stream, "%s%-15s%s", seep_output_style(w->out, SEEP_STYLE_FAINT), name,
		seep_output_style(w->out, SEEP_STYLE_PLAIN));
}

static void put_heading(struct writer *w, const char *title)
{
	fprintf(w->out->stream, "\n%s%s%s\n", seep_output_style(w->out, SEEP_STYLE_STRONG), title,
		seep_output_style(w->out, SEEP_STYLE_PLAIN));
}

/* Arguments with a blank or something worse in them in quotes, so that one can tell them apart. */
static void put_command(struct writer *w)
{
	const struct seep_process *p = &w->trace->process;

	for (size_t i = 0; i < p->argument_count; i++) {
		const char *argument = safe(w, p->arguments[i]);
		bool bare = *argument && !argument[strcspn(argument, " '\"\\$`*?[]<>|&;()#~!")];

		fprintf(w->out->stream, bare ? "%s%s" : "%s'%s'", i ? " " : "", argument);
	}
	fputc('\n', w->out->stream);
}

static void put_start(struct writer *w)
{
	time_t seconds = (time_t)(w->trace->process.start_realtime_ns / 1000000000u);
	struct tm utc;
	char text[40];

	if (!gmtime_r(&seconds, &utc) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc))
		strcpy(text, "unknown");
	fprintf(w->out->stream, "%s\n", text);
}

static void put_settings(struct writer *w)
{
	const struct seep_process *p = &w->trace->process;
	struct seep_unit bytes;

	if (p->sample_bytes)
		fprintf(w->out->stream, "a sample of one block for each %s", seep_unit_bytes(&bytes, p->sample_bytes));
	else
		fputs("every block", w->out->stream);
	fprintf(w->out->stream, ", stacks of up to %" PRIu32 " frames, a full ring %s\n", p->depth_limit,
		p->drops ? "drops events" : "makes the program wait");
}

static void put_process(struct writer *w)
{
	const struct seep_trace *t = w->trace;
	struct seep_unit bytes, duration;
	struct seep_ending ending;
	FILE *out = w->out->stream;

	put_field(w, "file");
	fprintf(out, "%s, %s, format version %" PRIu32 "\n", safe(w, t->name), seep_unit_bytes(&bytes, t->file_bytes),
		t->version);
	put_field(w, "executable");
	fprintf(out, "%s\n", safe(w, t->process.executable));
	put_field(w, "command");
	put_command(w);
	put_field(w, "directory");
	fprintf(out, "%s\n", safe(w, t->process.directory));
	put_field(w, "process");
	fprintf(out, "%" PRIu32 ", parent %" PRIu32 "%s\n", t->process.pid, t->process.ppid,
		t->process.forked ? ", forked from a traced process" : "");
	put_field(w, "start");
	put_start(w);
	put_field(w, "duration");
	fprintf(out, "%s in %zu epoch%s; the process %s\n", seep_unit_duration(&duration, t->duration_ns),
		t->epoch_count, t->epoch_count == 1 ? "" : "s", seep_ending_of(&ending, t));
	put_field(w, "recorded");
	put_settings(w);
}

static void put_completeness(struct writer *w)
{
	struct seep_remarks remarks;

	put_field(w, "complete");
	fputs(seep_trace_complete(w->trace) ? "yes\n" : "no\n", w->out->stream);
	if (seep_remarks_collect(&remarks, w->trace, NULL) == 0)
		for (size_t i = 0; i < remarks.count; i++)
			fprintf(w->out->stream, "%s- %s%s\n",
				seep_output_style(w->out, i < remarks.grave ? SEEP_STYLE_WARNING : SEEP_STYLE_PLAIN),
				safe(w, remarks.sentences[i]), seep_output_style(w->out, SEEP_STYLE_PLAIN));
	seep_remarks_clear(&remarks);
}

static void put_total(struct writer *w, const char *name, const struct seep_trace_count *of)
{
	struct seep_unit count, bytes;

	put_field(w, name);
	fprintf(w->out->stream, "%s block%s, %" PRIu64 " bytes", seep_unit_count(&count, of->count),
		of->count == 1 ? "" : "s", of->bytes);
	if (of->bytes >= 10000)
		fprintf(w->out->stream, " (%s)", seep_unit_bytes(&bytes, of->bytes));
	fputc('\n', w->out->stream);
}

static void put_totals(struct writer *w)
{
	const struct seep_totals *totals = &w->trace->totals;
	struct seep_unit count, when;
	FILE *out = w->out->stream;

	put_heading(w, "totals");
	put_total(w, "allocated", &totals->allocated);
	put_total(w, "freed", &totals->freed);
	put_total(w, "unfreed", &totals->unfreed);
	put_field(w, "peak");
	fprintf(out, "%" PRIu64 " bytes after %s\n", totals->peak_live_bytes,
		seep_unit_duration(&when, totals->peak_at_ns));
	put_field(w, "sites");
	fprintf(out, "%s, of %s stack nodes\n", keep_count(w, w->trace->site_count),
		seep_unit_count(&count, w->trace->node_count - 1));
	put_field(w, "unknown frees");
	fprintf(out, "%s\n", seep_unit_count(&count, totals->unknown_frees));
}

static int put_frames(struct writer *w)
{
	static const char *const names[SEEP_KINDS] = {
		"(unknown)", "process", "modules", "stacks", "epoch", "live", "note", "end", "tags"};
	static const struct seep_table_column columns[] = {{"KIND", SEEP_TABLE_LEFT}, {"FRAMES", SEEP_TABLE_RIGHT},
		{"RECORDS", SEEP_TABLE_RIGHT}, {"RAW", SEEP_TABLE_RIGHT}, {"STORED", SEEP_TABLE_RIGHT},
		{"RATIO", SEEP_TABLE_RIGHT}, {0}};
	struct seep_table *table = seep_table_create(columns);
	int result = table ? 0 : -1;

	for (size_t kind = 0; kind < SEEP_KINDS && result == 0; kind++) {
		const struct seep_kind_total *total = &w->trace->kinds[kind];
		char ratio[32];

		if (!total->frames)
			continue;
		snprintf(ratio, sizeof(ratio), "%.1f", (double)total->raw_bytes / (double)total->stored_bytes);
		result = seep_table_add(table,
			(const char *const[]){names[kind], keep_count(w, total->frames), keep_count(w, total->entries),
				keep_bytes(w, total->raw_bytes), keep_bytes(w, total->stored_bytes), keep(w, ratio)});
	}
	put_heading(w, "frames");
	if (result == 0)
		result = seep_table_write(table, w->out);
	seep_table_free(table);
	return result;
}

static int put_modules(struct writer *w)
{
	static const struct seep_table_column columns[] = {{"NUMBER", SEEP_TABLE_RIGHT}, {"START", SEEP_TABLE_LEFT},
		{"END", SEEP_TABLE_LEFT}, {"BUILD-ID", SEEP_TABLE_LEFT}, {"PATH", SEEP_TABLE_LEFT}, {0}};
	struct seep_table *table = seep_table_create(columns);
	int result = table ? 0 : -1;

	for (size_t i = 0; i < w->trace->module_count && result == 0; i++) {
		const struct seep_module *m = &w->trace->modules[i];
		char number[16], start[24], end[24], id[2 * sizeof(m->build_id) + 1] = "-", *path = NULL;

		snprintf(number, sizeof(number), "%" PRIu32, m->number);
		snprintf(start, sizeof(start), "%" PRIx64, m->start);
		snprintf(end, sizeof(end), "%" PRIx64, m->end);
		for (unsigned k = 0; k < m->build_id_bytes; k++)
			snprintf(id + 2 * (size_t)k, 3, "%02x", m->build_id[k]);
		if (asprintf(&path, "%s%s", m->path, m->gone ? " (unloaded)" : "") < 0)
			path = NULL;
		result = path ? seep_table_add(table, (const char *const[]){keep(w, number), keep(w, start),
							      keep(w, end), keep(w, id), safe(w, path)})
			      : -1;
		free(path);
	}
	put_heading(w, "modules");
	if (result == 0)
		result = seep_table_write(table, w->out);
	seep_table_free(table);
	return result;
}

static int put_epochs(struct writer *w)
{
	static const struct seep_table_column columns[] = {{"EPOCH", SEEP_TABLE_RIGHT}, {"ENDS", SEEP_TABLE_RIGHT},
		{"SITES", SEEP_TABLE_RIGHT}, {"LIVE BLOCKS", SEEP_TABLE_RIGHT}, {"LIVE", SEEP_TABLE_RIGHT},
		{"PEAK", SEEP_TABLE_RIGHT}, {"RSS", SEEP_TABLE_RIGHT}, {"DROPPED", SEEP_TABLE_RIGHT}, {0}};
	struct seep_table *table = seep_table_create(columns);
	int result = table ? 0 : -1;

	for (size_t i = 0; i < w->trace->epoch_count && result == 0; i++) {
		const struct seep_epoch *e = &w->trace->epochs[i];
		struct seep_unit ends;

		seep_unit_duration(&ends, e->head.end_ns);
		result = seep_table_add(
			table, (const char *const[]){keep_count(w, e->head.number), keep(w, ends.text),
				       keep_count(w, e->sites), keep_count(w, e->head.live_count),
				       keep_bytes(w, e->head.live_bytes), keep_bytes(w, e->head.peak_bytes),
				       e->head.rss_bytes ? keep_bytes(w, e->head.rss_bytes) : "-",
				       keep_count(w, e->head.dropped_events)});
	}
	put_heading(w, "epochs");
	if (result == 0)
		result = seep_table_write(table, w->out);
	seep_table_free(table);
	return result;
}

static void put_note(struct writer *w, const struct seep_note *note)
{
	const struct seep_module *module;
	struct seep_unit when;
	FILE *out = w->out->stream;

	fprintf(out, "%12s  ", seep_unit_duration(&when, note->time_ns));
	switch (note->code) {
	case SEEP_NOTE_MARK:
		fprintf(out, "mark %s\n", safe(w, note->text));
		break;
	case SEEP_NOTE_FORK:
		fprintf(out, "forked process %" PRIu64 "\n", note->value);
		break;
	case SEEP_NOTE_FAULT:
		fprintf(out, "fault: %s\n", safe(w, note->text));
		break;
	case SEEP_NOTE_DROPPED:
		fprintf(out, "%" PRIu64 " events dropped\n", note->value);
		break;
	case SEEP_NOTE_MODULE_GONE:
		module = note->value <= UINT32_MAX ? seep_trace_module(w->trace, (uint32_t)note->value) : NULL;
		fprintf(out, "unloaded %s\n", module ? safe(w, module->path) : "a module");
		break;
	case SEEP_NOTE_SUPPRESSIONS:
		fprintf(out, "the program brings %zu bytes of suppressions\n", strlen(note->text));
		break;
	default:
		fprintf(out, "note of kind %" PRIu32 ": %" PRIu64 " %s\n", note->code, note->value,
			safe(w, note->text));
	}
}

static void put_notes(struct writer *w)
{
	if (!w->trace->note_count)
		return;
	put_heading(w, "notes");
	for (size_t i = 0; i < w->trace->note_count; i++)
		put_note(w, &w->trace->notes[i]);
}

static int show(const struct seep_command *command, const struct seep_trace *trace, enum seep_color color, bool epochs)
{
	const struct seep_output output = seep_output_stdout(color);
	struct writer w = {.out = &output, .trace = trace};
	int result = 0;

	seep_pen_take(&w.pen, &output);
	put_process(&w);
	put_completeness(&w);
	put_totals(&w);
	if (put_frames(&w) < 0 || put_modules(&w) < 0 || (epochs && put_epochs(&w) < 0))
		result = -1;
	put_notes(&w);
	seep_pen_put_down(&w.pen);
	if (result < 0)
		return seep_command_fail(command, "out of memory");
	return seep_output_finish(&output, command);
}

static int info_on(const struct seep_command *command, const char *path, enum seep_color color, bool epochs)
{
	struct seep_trace *trace;
	int status = seep_command_read(command, path, &trace);

	if (status)
		return status;
	status = show(command, trace, color, epochs);
	seep_trace_free(trace);
	return status;
}

static int run(const struct seep_command *command, int argc, char **argv)
{
	unsigned color = SEEP_COLOR_AUTO;
	bool epochs = false;
	const struct seep_option table[] = {
		{"epochs", 0, SEEP_OPTION_FLAG, &epochs, NULL, "list the epochs too", NULL},
		{"color", 0, SEEP_OPTION_CHOICE, &color, "auto|always|never", "(default: auto)", seep_color_names},
		{0},
	};
	int first, status = seep_options_parse(command, table, SEEP_OPERANDS_ANYWHERE, argc, argv, &first);

	if (status >= 0)
		return status;
	if (argc - first != 1)
		return seep_command_fail(command, "%s. usage: seep %s %s",
			argc == first ? "no trace named" : "more than one trace named", command->name, command->usage);
	return info_on(command, argv[first], (enum seep_color)color, epochs);
}

const struct seep_command seep_command_info = {
	.name = "info",
	.summary = "what is in a trace, and whether it is whole",
	.usage = "[options] TRACE",
	.help = "Shows process, completeness, totals, frames, modules with their build-ids and notes.",
	.run = run,
};

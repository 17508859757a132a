/* SPDX-License-Identifier: Apache-2.0
 *
 * json.c: jansson makes the text of every object; only the frame of arrays around the sites, and their stacks, are put
 * together here: a report may have half a million stacks of some thousand different places, so the text of a place is made
 * once. Called by cmd_report.c.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "printable.h"
#include "remarks.h"

#define FORMAT (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15))

struct writer {
	FILE *out;
	const struct seep_report *report; /* by site */
	struct seep_arena arena;
	const char **places; /* the frames of a place as text, made when first needed */
};

static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *seconds(uint64_t ns)
{
	uint64_t microseconds = ns / 1000;

	return json_real((double)microseconds / 1e6);
}

/* NULL becomes null. What is not UTF-8 is replaced. */
static json_t *text(const char *value)
{
	struct seep_arena scratch = {0};
	const char *valid;
	json_t *made;

	if (!value)
		return json_null();
	made = json_string(value);
	if (made)
		return made;
	valid = seep_valid_utf8(&scratch, value);
	made = valid ? json_string(valid) : NULL;
	seep_arena_clear(&scratch);
	return made;
}

/* Writes an object without its last brace, so that more can follow, and frees it. */
static int put_open(struct writer *w, json_t *object)
{
	char *dumped = object ? json_dumps(object, FORMAT) : NULL;

	json_decref(object);
	if (!dumped)
		return -1;
	fwrite(dumped, 1, strlen(dumped) - 1, w->out);
	free(dumped);
	return 0;
}

static json_t *command_of(const struct seep_process *process)
{
	json_t *command = json_array();

	for (size_t i = 0; i < process->argument_count; i++)
		json_array_append_new(command, text(process->arguments[i]));
	return command;
}

/* The four words of the schema; "how" has the rest. */
static const char *end_of(const struct seep_trace *t)
{
	if (!t->has_end)
		return t->state == SEEP_TRACE_RUNNING ? "running" : "recovered";
	if (t->end.how == SEEP_END_KILLED)
		return "killed";
	if (t->end.how == SEEP_END_UNSEEN)
		return "recovered";
	return t->end.how == SEEP_END_STOPPED ? "running" : "exited";
}

static const char *how_of(const struct seep_trace *t)
{
	static const char *const how[] = {NULL, "exit", "signal", "exec", "stopped", "unseen"};

	return t->has_end && t->end.how < sizeof(how) / sizeof(how[0]) ? how[t->end.how] : NULL;
}

/* Sets "remarks", which qualify the figures, and "notes", which don't. */
static void add_remarks(json_t *object, const struct seep_report *r)
{
	json_t *grave = json_array(), *notes = json_array();
	struct seep_remarks remarks;

	if (seep_remarks_collect(&remarks, r->trace, r->naming->symbols) == 0)
		for (size_t i = 0; i < remarks.count; i++)
			json_array_append_new(i < remarks.grave ? grave : notes, text(remarks.sentences[i]));
	seep_remarks_clear(&remarks);
	json_object_set_new(object, "remarks", grave);
	json_object_set_new(object, "notes", notes);
}

static json_t *trace_of(const struct seep_report *r)
{
	const struct seep_trace *t = r->trace;
	bool exited = t->has_end && t->end.how == SEEP_END_EXITED && t->end.exit_status >= 0;
	bool killed = t->has_end && t->end.how == SEEP_END_KILLED;

	json_t *trace = json_pack("{so so so so so so ss so so so sb so so so so so so so so}", "file", text(t->name),
		"pid", number(t->process.pid), "command", command_of(&t->process), "executable",
		text(t->process.executable), "start", seconds(t->process.start_realtime_ns), "duration_seconds",
		seconds(t->duration_ns), "end", end_of(t), "how", text(how_of(t)), "exit_status",
		exited ? json_integer(t->end.exit_status) : json_null(), "signal",
		killed ? json_integer(t->end.signal) : json_null(), "complete", seep_trace_complete(t),
		"dropped_events", number(t->totals.dropped_events), "truncated_stacks",
		number(t->totals.truncated_stacks), "lost_stacks", number(t->totals.lost_stacks), "unrecorded",
		number(t->totals.unrecorded), "sample_bytes", number(t->process.sample_bytes), "inherited_count",
		number(t->end.inherited_count), "inherited_bytes", number(t->end.inherited_bytes), "inherited_frees",
		number(t->end.inherited_frees));

	if (trace)
		add_remarks(trace, r);
	return trace;
}

/* The standard error of an estimate; null where nothing is estimated, or nobody can tell. */
static json_t *error_of(const struct seep_trace *t, double variance)
{
	return seep_trace_knows_errors(t) ? number(seep_sampling_error(variance)) : json_null();
}

static json_t *totals_of(const struct seep_trace *t)
{
	const struct seep_totals *totals = &t->totals;

	return json_pack("{so so so so so so so so so so so}", "allocations", number(totals->allocated.count),
		"allocated_bytes", number(totals->allocated.bytes), "frees", number(totals->freed.count), "freed_bytes",
		number(totals->freed.bytes), "unknown_frees", number(totals->unknown_frees), "unfreed_count",
		number(totals->unfreed.count), "unfreed_bytes", number(totals->unfreed.bytes), "unfreed_count_error",
		error_of(t, totals->variance.count), "unfreed_bytes_error", error_of(t, totals->variance.bytes),
		"peak_live_bytes", number(totals->peak_live_bytes), "peak_at_seconds", seconds(totals->peak_at_ns));
}

/* The names of the marks that the program set, in the order of time. */
static json_t *marks_of(const struct seep_trace *t)
{
	json_t *marks = json_array();

	for (size_t i = 0; i < t->note_count; i++)
		if (t->notes[i].code == SEEP_NOTE_MARK)
			json_array_append_new(marks, text(t->notes[i].text));
	return marks;
}

static json_t *growth_of(const struct seep_report *r, const struct seep_row *row)
{
	double growth;

	if (!seep_report_growth(r, row, &growth) || !isfinite(growth))
		return json_null();
	return json_integer(fabs(growth) < 9e18 ? llround(growth) : growth > 0 ? INT64_MAX : INT64_MIN);
}

static json_t *oldest_of(const struct seep_report *r, const struct seep_row *row)
{
	uint64_t now = r->trace->duration_ns;

	if (row->oldest_birth_ns == SEEP_NEVER)
		return json_null();
	return seconds(now > row->oldest_birth_ns ? now - row->oldest_birth_ns : 0);
}

/* The figures that a site and a group have in common. */
static int add_figures(json_t *object, const struct seep_report *r, const struct seep_row *row)
{
	uint64_t peak = row->peak_bytes;

	if (row->sites > 1 && peak > r->trace->totals.peak_live_bytes)
		peak = r->trace->totals.peak_live_bytes;
	return json_object_set_new(object, "unfreed_count", number(row->unfreed.count)) |
	       json_object_set_new(object, "unfreed_bytes", number(row->unfreed.bytes)) |
	       json_object_set_new(object, "unfreed_count_error", error_of(r->trace, row->variance.count)) |
	       json_object_set_new(object, "unfreed_bytes_error", error_of(r->trace, row->variance.bytes)) |
	       json_object_set_new(object, "allocations", number(row->allocated.count)) |
	       json_object_set_new(object, "allocated_bytes", number(row->allocated.bytes)) |
	       json_object_set_new(object, "frees", number(row->freed.count)) |
	       json_object_set_new(object, "freed_bytes", number(row->freed.bytes)) |
	       json_object_set_new(object, "peak_live_bytes", number(peak)) |
	       json_object_set_new(object, "growth_bytes_per_hour", growth_of(r, row)) |
	       json_object_set_new(object, "oldest_seconds", oldest_of(r, row));
}

static int add_at(json_t *object, const struct seep_frame *at)
{
	return json_object_set_new(object, "function", text(at->function)) |
	       json_object_set_new(object, "file", text(at->file)) |
	       json_object_set_new(object, "line", at->line ? json_integer(at->line) : json_null()) |
	       json_object_set_new(object, "module", text(at->module[0] ? at->module : NULL));
}

static json_t *site_of(const struct seep_report *r, const struct seep_row *row)
{
	json_t *site = json_object();
	char id[17];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)seep_paths_id(r->paths, row->path, row->tag));
	if (json_object_set_new(site, "id", json_string(id)) | json_object_set_new(site, "tag", text(row->tag)) |
		json_object_set_new(site, "component", text(row->component)) |
		json_object_set_new(site, "class", json_null()) | add_figures(site, r, row) | add_at(site, &row->at)) {
		json_decref(site);
		return NULL;
	}
	return site;
}

static json_t *group_of(const struct seep_report *r, const struct seep_row *row)
{
	json_t *group = json_object();

	if (json_object_set_new(group, "name", text(row->name)) |
		json_object_set_new(group, "sites", number(row->sites)) | add_figures(group, r, row) |
		add_at(group, &row->at)) {
		json_decref(group);
		return NULL;
	}
	return group;
}

/* The frames of one place, each in braces, separated by commas. */
static const char *place_text(struct writer *w, uint32_t place)
{
	size_t count, length, at = 0;
	const struct seep_frame *frames = seep_paths_place(w->report->paths, place, &count);
	char *made = NULL, *dumped, *grown;
	const char *kept;

	for (size_t i = 0; i < count; i++) {
		const struct seep_frame *f = &frames[i];
		char address[24];
		json_t *frame;

		snprintf(address, sizeof(address), "0x%llx", (unsigned long long)f->address);
		frame = json_pack("{so so so so ss sb}", "function", text(f->function), "file", text(f->file), "line",
			f->line ? json_integer(f->line) : json_null(), "module", text(f->module[0] ? f->module : NULL),
			"address", address, "inlined", f->inlined);
		dumped = frame ? json_dumps(frame, FORMAT) : NULL;
		json_decref(frame);
		length = dumped ? strlen(dumped) : 0;
		grown = dumped ? realloc(made, at + length + 2) : NULL;
		if (!grown) {
			free(dumped);
			free(made);
			return NULL;
		}
		made = grown;
		if (at)
			made[at++] = ',';
		memcpy(made + at, dumped, length + 1);
		at += length;
		free(dumped);
	}
	kept = seep_arena_text(&w->arena, made ? made : "", at);
	free(made);
	return kept;
}

static int put_stack(struct writer *w, uint32_t path)
{
	const uint32_t *places;
	size_t depth = seep_paths_walk(w->report->paths, path, &places);
	bool any = false;

	fputs(",\"stack\":[", w->out);
	for (size_t i = 0; i < depth; i++) {
		const char **kept = &w->places[places[i]];

		if (!*kept)
			*kept = place_text(w, places[i]);
		if (!*kept)
			return -1;
		if (**kept)
			fprintf(w->out, "%s%s", any ? "," : "", *kept);
		any = any || **kept;
	}
	fputc(']', w->out);
	return 0;
}

static int put_site(struct writer *w, const struct seep_row *row)
{
	static const char *const ends[] = {"", ",\"stack_end\":\"truncated\"", ",\"stack_end\":\"lost\""};

	if (put_open(w, site_of(w->report, row)) < 0)
		return -1;
	fputs(ends[seep_paths_end(w->report->paths, row->path)], w->out);
	if (put_stack(w, row->path) < 0)
		return -1;
	fputc('}', w->out);
	return 0;
}

static int put_sites(struct writer *w)
{
	const struct seep_report *r = w->report;

	fputs(",\n\"sites\":[", w->out);
	for (size_t i = 0; i < r->row_count; i++) {
		fputs(i ? ",\n" : "\n", w->out);
		if (put_site(w, &r->rows[i]) < 0)
			return -1;
	}
	fputs("\n]", w->out);
	return 0;
}

static int put_groups(struct writer *w, const struct seep_report *groups)
{
	fprintf(w->out, ",\n\"by\":\"%s\",\n\"groups\":[", seep_by_names[groups->options.by]);
	for (size_t i = 0; i < groups->row_count; i++) {
		fputs(i ? ",\n" : "\n", w->out);
		if (put_open(w, group_of(groups, &groups->rows[i])) < 0)
			return -1;
		fputc('}', w->out);
	}
	fputs("\n]", w->out);
	return 0;
}

int seep_json_write(FILE *stream, const struct seep_report *sites, const struct seep_report *groups)
{
	struct writer w = {.out = stream, .report = sites};
	json_t *head = json_pack("{ss so so so}", "schema", "seep-report/1", "trace", trace_of(sites), "totals",
		totals_of(sites->trace), "marks", marks_of(sites->trace));
	int result = -1;

	w.places = calloc(seep_paths_places(sites->paths) + 1, sizeof(*w.places));
	if (w.places && put_open(&w, head) == 0)
		result = groups ? put_groups(&w, groups) : 0;
	if (result == 0)
		result = put_sites(&w);
	if (result == 0)
		fputs("}\n", stream);
	free(w.places);
	seep_arena_clear(&w.arena);
	return result;
}

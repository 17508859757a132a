/* SPDX-License-Identifier: Apache-2.0
 *
 * From a trace with known content to rows, text, JSON and folded stacks. The names come from a table in here, which stands in for
 * analyzer/symbols.c, so that every function and line is known by construction.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "folded.h"
#include "json.h"
#include "naming.h"
#include "reader.h"
#include "report.h"
#include "support_recording.h"
#include "text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names: the module says the file, the offset in it the frames. ---- */

struct seep_symbols {
	const struct seep_module *modules;
	size_t count;
};

struct name {
	uint64_t offset;
	struct seep_frame frames[2];
};

#define APP(function, file, line) \
	{ \
		function, file, line, "app", 0, false, true \
	}
#define INLINED(function, file, line) \
	{ \
		function, file, line, "app", 0, true, true \
	}
#define LIBC(function) \
	{ \
		function, NULL, 0, "libc.so.6", 0, false, true \
	}

static const struct name names[] = {
	{0x100, {APP("main", "/src/main.c", 10)}},
	{0x200, {APP("handle", "/src/handler.c", 20)}},
	{0x210, {APP("handle", "/src/handler.c", 20)}}, /* another call on the same line */
	{0x220, {APP("handle", "/src/handler.c", 25)}},
	{0x300, {INLINED("helper", "/src/helper.h", 5), APP("parse", "/src/parse.c", 30)}},
	{0x400, {APP("handle.isra.0", "/src/handler.c", 21)}},
	{0x500, {LIBC("strdup")}},
	{0x600, {{"ev\033[2Jil;\xff(int)", "/src/\xe2\x80\xae.c", 7, "app", 0, false, true}}},
	{0x700, {APP("recurse", "/src/tree.c", 3)}},
	{0x800, {{"app+0x7ff", NULL, 0, "app", 0x7ff, false, false}}},
};

int seep_symbols_open(struct seep_symbols **s, const struct seep_symbols_options *o, const struct seep_module *modules,
	size_t count, struct seep_error *e)
{
	(void)o;
	(void)e;
	*s = malloc(sizeof(**s));
	**s = (struct seep_symbols){modules, count};
	return 0;
}

int seep_symbols_resolve(struct seep_symbols *s, uint32_t module, uint64_t return_address,
	const struct seep_frame **frames, size_t *count)
{
	static const struct seep_frame unknown = {"0x0", NULL, 0, "", 0, false, false};

	for (size_t m = 0; m < s->count; m++)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (s->modules[m].number == module && return_address - s->modules[m].bias == names[i].offset) {
				*frames = names[i].frames;
				*count = names[i].frames[1].function ? 2 : 1;
				return 0;
			}
	*frames = &unknown;
	*count = 1;
	return 0;
}

size_t seep_symbols_remarks(const struct seep_symbols *s, const char *const **sentences)
{
	static const char *const sentence[] = {"libz.so.1 has no symbols."};

	(void)s;
	*sentences = sentence;
	return 1;
}

void seep_symbols_close(struct seep_symbols *s)
{
	free(s);
}

/* ---- The trace ---- */

#define FIRST UINT64_C(0x400000)
#define SECOND UINT64_C(0x900000)
#define SEEP UINT64_C(0x7f0000000000)

struct fixture {
	struct recording *recording;
	uint32_t app, app_again, seep;
	uint8_t *bytes;
	struct seep_trace *trace;
	struct seep_naming naming;
	struct seep_report *report;
};

static void begin(struct fixture *f)
{
	static const char *const arguments[] = {"app", "a\033[1mb", "\xff\xfe", NULL};
	const struct recording_setup setup = {.pid = 42, .executable = "/opt/a\npp", .arguments = arguments};

	memset(f, 0, sizeof(*f));
	f->recording = recording_create(NULL, &setup);
	f->app = recording_module(f->recording, "/opt/app", FIRST, FIRST + 0x10000, FIRST, NULL);
	f->app_again = recording_module(f->recording, "/opt/app", SECOND, SECOND + 0x10000, SECOND, NULL);
	f->seep = recording_module(f->recording, "/usr/lib/libseep.so", SEEP, SEEP + 0x10000, SEEP, NULL);
}

/* Blocks at a stack of offsets in the app, leaf first, ends with 0. Without `again` in its first load. */
static void leak(struct fixture *f, unsigned blocks, uint64_t bytes, uint32_t tag, bool again, const uint64_t *offsets)
{
	struct recording_frame frames[200];
	size_t count = 0;

	frames[count++] = (struct recording_frame){f->seep, SEEP + 0x77}; /* of the shim itself: shown nowhere */
	for (; *offsets; offsets++) {
		uint32_t module = *offsets >= SEEP_MODULE_LOST ? (uint32_t)*offsets : again ? f->app_again : f->app;

		frames[count++] = (struct recording_frame){
			module, module >= SEEP_MODULE_LOST ? 0 : *offsets + (again ? SECOND : FIRST)};
	}
	for (unsigned i = 0; i < blocks; i++)
		recording_allocate(f->recording, recording_stack(f->recording, frames, count), tag, bytes);
}

#define LEAK(f, blocks, bytes, tag, again, ...) leak(f, blocks, bytes, tag, again, (const uint64_t[]){__VA_ARGS__, 0})

static void finish(struct fixture *f, const struct seep_trace_end *extra)
{
	static const struct seep_naming_options options = {.components = "/dev/null"};
	struct seep_error error;
	size_t count;

	recording_pass(f->recording, 2 * RECORDING_SECOND);
	recording_end(f->recording, SEEP_END_KILLED, 0, 9, extra);
	f->bytes = recording_bytes(f->recording, &count);
	recording_close(f->recording);
	if (seep_trace_read_memory(&f->trace, "memory", f->bytes, count, &error) < 0 ||
		seep_naming_open(&f->naming, &options, f->trace, &error) < 0)
		fail_msg("%s", error.text);
}

static const struct seep_report *build(struct fixture *f, struct seep_report_options options)
{
	struct seep_error error;

	seep_report_free(f->report);
	options.limit = options.limit ? options.limit : UINT64_MAX;
	if (seep_report_build(&f->report, f->trace, &f->naming, &options, &error) < 0)
		fail_msg("%s", error.text);
	return f->report;
}

static void end(struct fixture *f)
{
	seep_report_free(f->report);
	seep_naming_close(&f->naming);
	seep_trace_free(f->trace);
	free(f->bytes);
}

static void assert_row(const struct seep_report *r, size_t row, const char *name, uint64_t blocks, uint64_t bytes)
{
	assert_true(row < r->row_count);
	assert_string_equal(r->rows[row].name, name);
	assert_int_equal(r->rows[row].unfreed.count, blocks);
	assert_int_equal(r->rows[row].unfreed.bytes, bytes);
}

/* ---- Rows ---- */

static void sites_that_read_the_same_are_one(void **state)
{
	struct fixture f;
	const struct seep_report *r;
	uint32_t tag;

	(void)state;
	begin(&f);
	tag = recording_tag(f.recording, "cache");
	LEAK(&f, 1, 1000, 0, false, 0x200, 0x100);
	LEAK(&f, 2, 100, 0, true, 0x200, 0x100); /* the library loaded once more, elsewhere */
	LEAK(&f, 1, 50, 0, false, 0x210, 0x100); /* another call instruction of the same line */
	LEAK(&f, 1, 7, 0, false, 0x220, 0x100); /* another line */
	LEAK(&f, 1, 3, tag, false, 0x200, 0x100); /* another tag */
	finish(&f, NULL);
	r = build(&f, (struct seep_report_options){0});
	assert_int_equal(f.trace->site_count, 5);
	assert_int_equal(r->row_count, 3);
	assert_row(r, 0, "handle", 4, 1250);
	assert_int_equal(r->rows[0].at.line, 20);
	assert_null(r->rows[0].tag);
	assert_row(r, 1, "handle", 1, 7);
	assert_int_equal(r->rows[1].at.line, 25);
	assert_row(r, 2, "handle", 1, 3);
	assert_string_equal(r->rows[2].tag, "cache");
	assert_int_equal(r->matched.bytes, 1260);
	assert_int_equal(r->whole.bytes, 1260);
	end(&f);
}

static void ids_survive_a_rebuild(void **state)
{
	struct fixture f;
	const struct seep_report *r;
	uint64_t ids[4];
	uint32_t tag;

	(void)state;
	begin(&f);
	tag = recording_tag(f.recording, "cache");
	LEAK(&f, 1, 4000, 0, false, 0x200, 0x100);
	LEAK(&f, 1, 3000, 0, false, 0x400, 0x100); /* the compiler made a copy of it, on another line */
	LEAK(&f, 1, 2000, 0, false, 0x300, 0x100);
	LEAK(&f, 1, 1000, tag, false, 0x200, 0x100);
	finish(&f, NULL);
	r = build(&f, (struct seep_report_options){0});
	assert_int_equal(r->row_count, 4);
	for (size_t i = 0; i < 4; i++)
		ids[i] = seep_paths_id(r->paths, r->rows[i].path, r->rows[i].tag);
	assert_true(ids[0] == ids[1]);
	assert_true(ids[0] != ids[2]);
	assert_true(ids[0] != ids[3]);
	assert_true(ids[0] ==
		    UINT64_C(0xbbf9dfcc2c5d304b)); /* XXH64 of "handle\0app\nmain\0app\n": others have it in files */
	end(&f);
}

static void a_site_is_named_by_its_first_frame_that_does_more_than_allocate(void **state)
{
	struct fixture f;
	const struct seep_report *r;
	const struct seep_frame *frames;

	(void)state;
	begin(&f);
	LEAK(&f, 1, 9, 0, false, 0x500, 0x300, 0x100);
	finish(&f, NULL);
	r = build(&f, (struct seep_report_options){0});
	assert_row(r, 0, "helper", 1, 9);
	assert_string_equal(r->rows[0].at.file, "/src/helper.h");
	assert_int_equal(seep_paths_frames(r->paths, r->rows[0].path, &frames), 4);
	assert_string_equal(frames[0].function, "strdup");
	assert_true(frames[1].inlined);
	assert_string_equal(frames[2].function, "parse");
	assert_string_equal(frames[3].function, "main");
	end(&f);
}

/* One trace for the next tests: 3 sites of handle, one of parse, one that freed all. */
static void begin_many(struct fixture *f)
{
	size_t freed;
	struct recording_frame big[] = {{1, FIRST + 0x700}, {1, FIRST + 0x100}};

	begin(f);
	LEAK(f, 1, 1000, 0, false, 0x200, 0x100);
	LEAK(f, 30, 10, 0, false, 0x220, 0x100);
	LEAK(f, 1, 600, 0, false, 0x300, 0x100);
	LEAK(f, 1, 50, recording_tag(f->recording, "cache"), false, 0x200, 0x300, 0x100);
	freed = recording_allocate(f->recording, recording_stack(f->recording, big, 2), 0, 1000000);
	recording_free(f->recording, freed);
	finish(f, NULL);
}

static void rows_are_sorted_and_cut(void **state)
{
	struct fixture f;
	const struct seep_report *r;

	(void)state;
	begin_many(&f);
	r = build(&f, (struct seep_report_options){.limit = 2});
	assert_int_equal(r->row_count, 2);
	assert_int_equal(r->matched_rows, 4);
	assert_int_equal(r->matched.bytes, 1950);
	assert_row(r, 0, "handle", 1, 1000);
	assert_row(r, 1, "helper", 1, 600);
	r = build(&f, (struct seep_report_options){.sort = SEEP_SORT_COUNT});
	assert_row(r, 0, "handle", 30, 300);
	r = build(&f, (struct seep_report_options){.sort = SEEP_SORT_ALLOCATED});
	assert_int_equal(r->row_count, 5);
	assert_row(r, 0, "recurse", 0, 0);
	assert_int_equal(r->rows[0].allocated.bytes, 1000000);
	r = build(&f, (struct seep_report_options){.sort = SEEP_SORT_PEAK});
	assert_row(r, 0, "recurse", 0, 0);
	assert_int_equal(seep_report_measure(r, &r->rows[0]).bytes, 1000000);
	r = build(&f, (struct seep_report_options){.min_bytes = 300});
	assert_int_equal(r->row_count, 3);
	assert_int_equal(r->matched.bytes, 1900);
	r = build(&f, (struct seep_report_options){.all = true});
	assert_int_equal(r->row_count, 5);
	assert_row(r, 4, "recurse", 0, 0);
	end(&f);
}

static void rows_are_grouped(void **state)
{
	struct fixture f;
	const struct seep_report *r;

	(void)state;
	begin_many(&f);
	r = build(&f, (struct seep_report_options){.by = SEEP_BY_FUNCTION});
	assert_int_equal(r->row_count, 2);
	assert_row(r, 0, "handle", 32, 1350);
	assert_int_equal(r->rows[0].sites, 3);
	assert_int_equal(r->rows[0].at.line, 20); /* of the largest */
	assert_row(r, 1, "helper", 1, 600);
	r = build(&f, (struct seep_report_options){.by = SEEP_BY_FILE});
	assert_row(r, 0, "/src/handler.c", 32, 1350);
	assert_row(r, 1, "/src/helper.h", 1, 600);
	r = build(&f, (struct seep_report_options){.by = SEEP_BY_MODULE});
	assert_int_equal(r->row_count, 1);
	assert_row(r, 0, "app", 33, 1950);
	assert_int_equal(r->rows[0].sites, 4);
	r = build(&f, (struct seep_report_options){.by = SEEP_BY_COMPONENT});
	assert_int_equal(r->row_count, 1);
	assert_int_equal(r->rows[0].unfreed.bytes, 1950);
	end(&f);
}

static void filters_choose_sites(void **state)
{
	static const struct {
		const char *filters[3];
		uint64_t bytes;
	} cases[] = {
		{{"function:handle"}, 1350},
		{{"function:parse"}, 650}, /* any frame of the stack */
		{{"function:hel*"}, 650},
		{{"function:handle", "function:parse"}, 1950}, /* of one kind: either */
		{{"function:handle", "file:parse.c"}, 50}, /* of two kinds: both */
		{{"file:*.h"}, 650},
		{{"module:app"}, 1950},
		{{"module:libz*"}, 0},
		{{"tag:ca*"}, 50},
		{{"component:*"}, 1950},
	};
	struct fixture f;

	(void)state;
	begin_many(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_report_options options = {.filters = cases[i].filters};

		while (options.filter_count < 3 && cases[i].filters[options.filter_count])
			options.filter_count++;
		if (build(&f, options)->matched.bytes != cases[i].bytes)
			fail_msg("%s: %lu bytes", cases[i].filters[0], (unsigned long)f.report->matched.bytes);
	}
	end(&f);
}

static void an_unknown_filter_is_refused(void **state)
{
	static const char *const bad[] = {"handle", "line:3", "function:", ":x", ""};
	struct fixture f;
	struct seep_report *r;
	struct seep_error error;

	(void)state;
	begin_many(&f);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seep_report_options options = {.filters = &bad[i], .filter_count = 1};

		assert_int_equal(seep_report_build(&r, f.trace, &f.naming, &options, &error), -1);
		assert_non_null(strstr(error.text, "function:GLOB"));
	}
	end(&f);
}

/* ---- Outputs ---- */

static char *text_of(const struct seep_report *r, unsigned width)
{
	const struct seep_text_options options = {.stacks = 5, .depth = 32};
	char *text;
	size_t bytes;
	struct seep_output output = {.stream = open_memstream(&text, &bytes), .width = width};

	assert_int_equal(seep_text_write(&output, r, &options), 0);
	fclose(output.stream);
	assert_int_equal(strlen(text), bytes);
	return text;
}

static json_t *json_of(const struct seep_report *sites, const struct seep_report *groups, char **text)
{
	json_error_t error;
	json_t *json;
	size_t bytes;
	FILE *stream = open_memstream(text, &bytes);

	assert_int_equal(seep_json_write(stream, sites, groups), 0);
	fclose(stream);
	json = json_loads(*text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("%s at %d:%d", error.text, error.line, error.column);
	return json;
}

static void assert_has(const json_t *object, const char *const *keys)
{
	for (; *keys; keys++)
		if (!json_object_get(object, *keys))
			fail_msg("no key \"%s\"", *keys);
}

static void json_keeps_its_schema(void **state)
{
	static const char *const top[] = {"schema", "trace", "totals", "sites", NULL};
	static const char *const trace[] = {"pid", "command", "executable", "start", "duration_seconds", "end",
		"exit_status", "signal", "complete", "dropped_events", "truncated_stacks", "sample_bytes", NULL};
	static const char *const totals[] = {"allocations", "allocated_bytes", "frees", "freed_bytes", "unknown_frees",
		"unfreed_count", "unfreed_bytes", "peak_live_bytes", "peak_at_seconds", NULL};
	static const char *const site[] = {"id", "tag", "component", "class", "unfreed_count", "unfreed_bytes",
		"allocations", "allocated_bytes", "growth_bytes_per_hour", "stack", NULL};
	static const char *const frame[] = {"function", "file", "line", "module", "address", "inlined", NULL};
	json_int_t count = 0, bytes = 0, last = INT64_MAX;
	struct fixture f;
	json_t *json, *one, *of_frame;
	size_t i, k;
	char *text;

	(void)state;
	begin_many(&f);
	json = json_of(build(&f, (struct seep_report_options){.all = true}), NULL, &text);
	assert_has(json, top);
	assert_has(json_object_get(json, "trace"), trace);
	assert_has(json_object_get(json, "totals"), totals);
	assert_string_equal(json_string_value(json_object_get(json, "schema")), "seep-report/1");
	json_array_foreach(json_object_get(json, "sites"), i, one)
	{
		json_int_t unfreed = json_integer_value(json_object_get(one, "unfreed_bytes"));

		assert_has(one, site);
		assert_true(unfreed <= last);
		last = unfreed;
		bytes += unfreed;
		count += json_integer_value(json_object_get(one, "unfreed_count"));
		assert_true(json_array_size(json_object_get(one, "stack")) >= 2);
		json_array_foreach(json_object_get(one, "stack"), k, of_frame)
		{
			assert_has(of_frame, frame);
			assert_string_not_equal(json_string_value(json_object_get(of_frame, "module")), "libseep.so");
			assert_string_not_equal(json_string_value(json_object_get(of_frame, "function")), "0x0");
		}
	}
	assert_int_equal(i, 5);
	assert_int_equal(bytes, 1950);
	assert_int_equal(count, 33);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "totals"), "unfreed_bytes")), 1950);
	one = json_object_get(json, "trace");
	assert_string_equal(json_string_value(json_object_get(one, "end")), "killed");
	assert_int_equal(json_integer_value(json_object_get(one, "signal")), 9);
	assert_true(json_is_null(json_object_get(one, "exit_status")));
	assert_true(json_is_true(json_object_get(one, "complete")));
	assert_true(json_real_value(json_object_get(one, "duration_seconds")) == 2.0);
	json_decref(json);
	free(text);
	end(&f);
}

static void json_has_groups_beside_the_sites(void **state)
{
	struct fixture f;
	const struct seep_report *sites;
	struct seep_report *groups;
	const struct seep_report_options by_function = {.by = SEEP_BY_FUNCTION, .limit = UINT64_MAX};
	struct seep_error error;
	json_t *json;
	char *text;

	(void)state;
	begin_many(&f);
	sites = build(&f, (struct seep_report_options){0});
	assert_int_equal(seep_report_build(&groups, f.trace, &f.naming, &by_function, &error), 0);
	json = json_of(sites, groups, &text);
	assert_int_equal(json_array_size(json_object_get(json, "sites")), 4);
	assert_int_equal(json_array_size(json_object_get(json, "groups")), 2);
	assert_string_equal(json_string_value(json_object_get(json, "by")), "function");
	json_decref(json);
	free(text);
	seep_report_free(groups);
	end(&f);
}

/* Names, paths, arguments and tags that would like to be obeyed. */
static void foreign_text_is_harmless_in_every_output(void **state)
{
	struct fixture f;
	const struct seep_report *r;
	json_t *json;
	char *text, *folded;
	size_t bytes;
	FILE *stream;

	(void)state;
	begin(&f);
	LEAK(&f, 3, 100, recording_tag(f.recording, "t\033]0;owned\007\xe2\x80\xae"), false, 0x600, 0x100);
	recording_note(f.recording, SEEP_NOTE_FAULT, 0, "fault\033c");
	recording_note(f.recording, SEEP_NOTE_MARK, 0, "mark\r\xff");
	finish(&f, NULL);
	r = build(&f, (struct seep_report_options){0});
	text = text_of(r, 0);
	for (const char *c = text; *c; c++)
		assert_true(((uint8_t)*c >= 0x20 && (uint8_t)*c < 0x7f) || *c == '\n');
	assert_non_null(strstr(text, "ev?[2Jil;?(int)"));
	free(text);

	stream = open_memstream(&folded, &bytes);
	assert_int_equal(seep_folded_write(stream, r), 0);
	fclose(stream);
	assert_string_equal(folded, "main;ev?[2Jil:?(int) 300\n");
	free(folded);

	json = json_of(r, NULL, &text);
	for (const char *c = text; *c; c++)
		assert_true(((uint8_t)*c >= 0x20 && (uint8_t)*c < 0x7f) || *c == '\n');
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(json, "sites"), 0), "tag")),
		"t\033]0;owned\007\xe2\x80\xae");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(json_object_get(json, "trace"), "command"), 2)),
		"\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(json);
	free(text);
	end(&f);
}

static void assert_begins(const char *text, const char *begin_of_it)
{
	if (strncmp(text, begin_of_it, strlen(begin_of_it)) != 0)
		fail_msg("the text begins otherwise:\n%.600s", text);
}

static void the_text_begins_with_the_answer(void **state)
{
	struct fixture f;
	char *text;

	(void)state;
	begin(&f);
	LEAK(&f, 970, 1000, 0, false, 0x200, 0x100);
	LEAK(&f, 1, 30000, 0, false, 0x300, 0x100);
	finish(&f, NULL);
	text = text_of(build(&f, (struct seep_report_options){0}), 0);
	assert_begins(text,
		"976.6 KiB unfreed in 971 blocks at 2 sites; 97 % of it at handle (/src/handler.c:20): "
		"947.3 KiB in 970 blocks, component ");
	assert_non_null(
		strstr(text, "app (pid 42) ran for 2.0 s and was killed by SIGKILL: 971 allocations of 976.6 KiB, "));
	assert_non_null(strstr(text,
		"\n  UNFREED  BLOCKS  SHARE  OLDEST  FUNCTION  FILE:LINE\n"
		"947.3 KiB     970   97 %   2.0 s  handle    /src/handler.c:20\n"
		" 29.3 KiB       1  3.0 %   2.0 s  helper    /src/helper.h:5\n"));
	assert_non_null(strstr(text,
		"   helper  /src/helper.h:5 (inlined)\n"
		"    parse  /src/parse.c:30\n"
		"     main  /src/main.c:10\n"));
	free(text);
	text = text_of(build(&f, (struct seep_report_options){.by = SEEP_BY_FILE}), 0);
	assert_begins(text,
		"976.6 KiB unfreed in 971 blocks at 2 sites; 97 % of it in file /src/handler.c, most of that at "
		"handle (/src/handler.c:20): 947.3 KiB in 970 blocks.\n");
	free(text);
	end(&f);
}

static void nothing_unfreed_is_said(void **state)
{
	struct recording_frame frame = {1, FIRST + 0x100};
	struct fixture f;
	char *text;

	(void)state;
	begin(&f);
	recording_free(f.recording, recording_allocate(f.recording, recording_stack(f.recording, &frame, 1), 0, 5));
	finish(&f, NULL);
	text = text_of(build(&f, (struct seep_report_options){0}), 0);
	assert_begins(text, "Nothing is unfreed: 1 block was allocated, and as many freed.\n");
	free(text);
	end(&f);
}

/* What makes the figures wrong comes right after the first sentence. */
static void doubts_follow_the_answer(void **state)
{
	const struct seep_trace_end extra = {.unfreed_bytes = 1, .unrecorded = 12};
	struct fixture f;
	char *text, *second;

	(void)state;
	begin(&f);
	LEAK(&f, 1, 1000, 0, false, 0x200, 0x100);
	recording_drop(f.recording, 1234);
	finish(&f, &extra);
	text = text_of(build(&f, (struct seep_report_options){0}), 0);
	second = strchr(text, '\n') + 1;
	assert_begins(second,
		"Mind: 1,234 events were dropped while recording, so the figures are lower bounds.\n"
		"Mind: The trace contradicts itself: ");
	assert_non_null(strstr(second, "\nMind: 12 allocations and frees were not recorded"));
	assert_non_null(strstr(second, "\nNote: libz.so.1 has no symbols.\n"));
	free(text);
	end(&f);
}

static void recursion_is_told_once(void **state)
{
	struct fixture f;
	uint64_t offsets[70] = {0};
	char *text;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < 30; i++)
		offsets[i] = 0x700;
	for (size_t i = 30; i < 60; i++)
		offsets[i] = i % 2 ? 0x220 : 0x200;
	offsets[60] = SEEP_MODULE_TRUNCATED;
	leak(&f, 1, 1000, 0, false, offsets);
	finish(&f, NULL);
	text = text_of(build(&f, (struct seep_report_options){0}), 0);
	assert_non_null(strstr(text,
		"   recurse   /src/tree.c:3\n"
		"   ... the same frame 29 more times\n"
		"    handle   /src/handler.c:20\n"
		"     handle  /src/handler.c:25\n"
		"     ... the last 2 frames 14 more times\n"
		"   ... cut here: the recording kept no more frames\n"));
	free(text);
	end(&f);
}

static void the_table_keeps_within_the_terminal(void **state)
{
	struct fixture f;
	char *text;

	(void)state;
	begin_many(&f);
	text = text_of(build(&f, (struct seep_report_options){0}), 60);
	for (char *line = strstr(text, "UNFREED"), *next; line && *line != '\n'; line = next + 1) {
		next = strchr(line, '\n');
		assert_true(next - line <= 60);
	}
	free(text);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_that_read_the_same_are_one),
		cmocka_unit_test(ids_survive_a_rebuild),
		cmocka_unit_test(a_site_is_named_by_its_first_frame_that_does_more_than_allocate),
		cmocka_unit_test(rows_are_sorted_and_cut),
		cmocka_unit_test(rows_are_grouped),
		cmocka_unit_test(filters_choose_sites),
		cmocka_unit_test(an_unknown_filter_is_refused),
		cmocka_unit_test(json_keeps_its_schema),
		cmocka_unit_test(json_has_groups_beside_the_sites),
		cmocka_unit_test(foreign_text_is_harmless_in_every_output),
		cmocka_unit_test(the_text_begins_with_the_answer),
		cmocka_unit_test(nothing_unfreed_is_said),
		cmocka_unit_test(doubts_follow_the_answer),
		cmocka_unit_test(recursion_is_told_once),
		cmocka_unit_test(the_table_keeps_within_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

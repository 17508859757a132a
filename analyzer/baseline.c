/* SPDX-License-Identifier: Apache-2.0
 *
 * baseline.c: the JSON file, by jansson.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "output_file.h"
#include "printable.h"

#define SCHEMA "seep-gate-baseline/1"

struct seep_baseline *seep_baseline_create(void)
{
	return calloc(1, sizeof(struct seep_baseline));
}

static const char *keep(struct seep_baseline *b, const char *text)
{
	return text ? seep_printable(&b->arena, text) : NULL;
}

int seep_baseline_add(struct seep_baseline *b, const struct seep_baseline_site *site)
{
	struct seep_baseline_site copy = *site;

	copy.function = keep(b, site->function ? site->function : "?");
	copy.file = keep(b, site->file);
	copy.component = keep(b, site->component ? site->component : "");
	copy.callers = keep(b, site->callers ? site->callers : "");
	if (!copy.function || (site->file && !copy.file) || !copy.component || !copy.callers ||
		seep_array_reserve(&b->sites, &b->capacity, b->count + 1, sizeof(*b->sites)) < 0)
		return -1;
	b->sites[b->count++] = copy;
	return 0;
}

const struct seep_baseline_site *seep_baseline_find(const struct seep_baseline *b, uint64_t id)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->sites[i].id == id)
			return &b->sites[i];
	return NULL;
}

/* ---- Reading ---- */

static int read_site(struct seep_baseline *b, json_t *json, size_t number, const char *path, struct seep_error *error)
{
	struct seep_baseline_site site = {0};
	const char *id = NULL;
	json_int_t bytes = -1, blocks = -1;
	int used = 0;

	if (json_unpack(json, "{s:s, s:I, s:I, s?:s, s?:s, s?:s, s?:s}", "id", &id, "bytes", &bytes, "blocks", &blocks,
		    "function", &site.function, "file", &site.file, "component", &site.component, "callers",
		    &site.callers) < 0 ||
		sscanf(id, "%16" SCNx64 "%n", &site.id, &used) != 1 || used != 16 || id[16] || bytes < 0 || blocks < 0)
		return seep_error_set(error,
			"%s: site %zu is none: expected \"id\" of 16 hexadecimal digits, \"bytes\" and \"blocks\"",
			path, number + 1);
	site.unfreed = (struct seep_trace_count){(uint64_t)blocks, (uint64_t)bytes};
	if (seep_baseline_find(b, site.id))
		return seep_error_set(
			error, "%s: site %s is there twice; make it anew with --update-baseline", path, id);
	return seep_baseline_add(b, &site) < 0 ? seep_error_set(error, "%s: out of memory", path) : 0;
}

static int read_sites(struct seep_baseline *b, json_t *json, const char *path, struct seep_error *error)
{
	const char *schema = json_string_value(json_object_get(json, "schema"));
	json_t *sites = json_object_get(json, "sites"), *site;
	size_t number;

	if (!schema || strcmp(schema, SCHEMA) || !json_is_array(sites))
		return seep_error_set(
			error, "%s is no baseline: expected \"schema\": \"%s\" and \"sites\"", path, SCHEMA);
	json_array_foreach(sites, number, site)
	{
		if (read_site(b, site, number, path, error) < 0)
			return -1;
	}
	return 0;
}

int seep_baseline_read(struct seep_baseline **baseline, const char *path, struct seep_error *error)
{
	json_error_t wrong;
	json_t *json = json_load_file(path, 0, &wrong);
	int result;

	*baseline = NULL;
	if (!json && wrong.line < 1)
		return seep_error_set(error, "the baseline can't be read: %s", wrong.text);
	if (!json)
		return seep_error_set(error, "%s:%d: %s", path, wrong.line, wrong.text);
	*baseline = seep_baseline_create();
	result = *baseline ? read_sites(*baseline, json, path, error) : seep_error_set(error, "out of memory");
	json_decref(json);
	if (result < 0) {
		seep_baseline_free(*baseline);
		*baseline = NULL;
	}
	return result;
}

/* ---- Writing ---- */

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_place(const void *left, const void *right)
{
	const struct seep_baseline_site *a = left, *b = right;
	int order = compare_text(a->file, b->file);

	if (!order)
		order = strcmp(a->function, b->function);
	if (!order)
		order = strcmp(a->callers, b->callers);
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

static char *site_text(const struct seep_baseline_site *site)
{
	char id[17], *text;
	json_t *json;

	snprintf(id, sizeof(id), "%016" PRIx64, site->id);
	json = json_pack("{ss ss* ss sI sI ss ss}", "function", site->function, "file", site->file, "component",
		site->component, "bytes", (json_int_t)site->unfreed.bytes, "blocks", (json_int_t)site->unfreed.count,
		"callers", site->callers, "id", id);
	text = json ? json_dumps(json, 0) : NULL;
	json_decref(json);
	return text;
}

int seep_baseline_write(struct seep_baseline *b, const char *path, struct seep_error *error)
{
	struct seep_output_file file;

	if (seep_output_file_open(&file, path, error) < 0)
		return -1;
	if (b->count)
		qsort(b->sites, b->count, sizeof(*b->sites), by_place);
	fprintf(file.stream, "{\"schema\": \"" SCHEMA "\", \"sites\": [");
	for (size_t i = 0; i < b->count; i++) {
		char *text = site_text(&b->sites[i]);

		if (!text) {
			seep_output_file_drop(&file);
			return seep_error_set(error, "%s: out of memory", path);
		}
		fprintf(file.stream, "%s\n%s", i ? "," : "", text);
		free(text);
	}
	fprintf(file.stream, "\n]}\n");
	return seep_output_file_close(&file, error);
}

void seep_baseline_free(struct seep_baseline *b)
{
	if (!b)
		return;
	free(b->sites);
	seep_arena_clear(&b->arena);
	free(b);
}

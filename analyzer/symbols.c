/* SPDX-License-Identifier: Apache-2.0
 *
 * symbols.c: frames of return addresses. It decides which source of names counts for an address: DWARF with its inlined
 * calls and lines, else a symbol table, else the module and offset. Files are found by debug_file.c and read by
 * debug_info.c and symbol_table.c; what was answered once is kept.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "call_targets.h"
#include "debug_file.h"
#include "debug_info.h"
#include "debuginfod.h"
#include "demangle.h"
#include "elf_file.h"
#include "error.h"
#include "map.h"
#include "memory.h"
#include "model.h"
#include "names.h"
#include "symbol_table.h"
#include "symbols.h"

#define STANDARD_ROOT "/usr/lib/debug"

/* One file, however often it was loaded. */
struct binary {
	struct seep_module module; /* of one of its loads: path and build-id count */
	const char *name; /* base name */
	bool files_looked_for;
	struct seep_elf_file *program; /* the file that ran; NULL: not found */
	struct seep_elf_file *debug; /* a separate debug file; NULL: none, or not needed */
	struct seep_elf_file *shared; /* what the one with DWARF shares with others */
	struct seep_debug_info *info; /* NULL: no DWARF */
	struct seep_symbol_table *table; /* NULL: not needed yet */
	struct seep_call_targets *targets; /* NULL: not needed yet */
	char *problem; /* why not all that was recorded can be used, begins a sentence; NULL: nothing */
	size_t unnamed; /* addresses asked for that are in no known function */
};

struct load {
	struct binary *binary;
	uint64_t bias;
};

struct answer {
	const struct seep_frame *frames;
	size_t count;
};

struct remarks {
	const char **sentences;
	size_t count, capacity;
};

struct seep_symbols {
	struct seep_names *names;
	struct seep_debug_places places;
	char **roots;
	char *general_remark; /* about no module; NULL: none */

	struct binary *binaries;
	size_t binary_count;
	struct load *loads;
	struct seep_map load_numbers; /* module's number -> position in loads */

	struct answer *answers;
	size_t answer_count, answer_capacity;
	struct seep_map answer_numbers; /* module's number, address -> position in answers */

	struct remarks *remarks; /* as last given out */
};

static int no_memory(struct seep_symbols *s, struct seep_error *e)
{
	seep_symbols_close(s);
	return seep_error_set(e, "memory ran out while symbols were prepared");
}

/* The roots are the user's folders and then the system's. */
static int roots_copy(struct seep_symbols *s, const struct seep_symbols_options *o)
{
	size_t count = o ? o->search_path_count : 0;

	s->roots = calloc(count + 1, sizeof(*s->roots));
	if (!s->roots)
		return -1;
	s->places.roots = (const char *const *)s->roots;
	for (size_t i = 0; i <= count; i++) {
		const char *root = i < count ? o->search_paths[i] : STANDARD_ROOT;
		size_t bytes = strlen(root);

		while (bytes > 1 && root[bytes - 1] == '/')
			bytes--;
		s->roots[i] = strndup(root, bytes);
		if (!s->roots[i])
			return -1;
		s->places.root_count++;
	}
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static bool same_file(const struct seep_module *a, const struct seep_module *b)
{
	return a->build_id_bytes == b->build_id_bytes && !memcmp(a->build_id, b->build_id, a->build_id_bytes) &&
	       a->end - a->bias == b->end - b->bias && !strcmp(a->path, b->path);
}

/* A program may load and unload the same library thousands of times, so they are told apart by hash, and then for certain. */
static struct binary *binary_of(struct seep_symbols *s, struct seep_map *seen, const struct seep_module *module)
{
	size_t bytes = strlen(module->path) + 1;
	uint64_t hash = XXH3_64bits(module->path, bytes);
	struct binary *b;
	bool added;
	char *path;

	for (uint64_t variant = 0;; variant++) {
		uint32_t *number = seep_map_at(seen, hash, variant, (uint32_t)s->binary_count, &added);

		if (!number)
			return NULL;
		b = &s->binaries[*number];
		if (added || !b->module.path)
			break;
		if (same_file(&b->module, module))
			return b;
	}
	path = seep_names_memory(s->names, bytes);
	b->name = seep_names_keep(s->names, base_name(module->path));
	if (!path || !b->name)
		return NULL;
	memcpy(path, module->path, bytes);
	b->module = *module;
	b->module.path = path;
	s->binary_count++;
	return b;
}

static int modules_copy(struct seep_symbols *s, const struct seep_module *modules, size_t count)
{
	struct seep_map seen = {0};
	int status = 0;

	s->loads = calloc(count + 1, sizeof(*s->loads));
	s->binaries = calloc(count + 1, sizeof(*s->binaries));
	if (!s->loads || !s->binaries)
		return -1;
	for (size_t i = 0; i < count && !status; i++) {
		bool added;

		s->loads[i].bias = modules[i].bias;
		s->loads[i].binary = binary_of(s, &seen, &modules[i]);
		if (!s->loads[i].binary || !seep_map_at(&s->load_numbers, 0, modules[i].number, (uint32_t)i, &added))
			status = -1;
	}
	seep_map_clear(&seen);
	return status;
}

int seep_symbols_open(struct seep_symbols **symbols, const struct seep_symbols_options *o,
	const struct seep_module *modules, size_t count, struct seep_error *e)
{
	struct seep_symbols *s = calloc(1, sizeof(*s));
	struct seep_error why;

	if (!s)
		return seep_error_set(e, "memory ran out while symbols were prepared");
	s->names = seep_names_create();
	s->remarks = calloc(1, sizeof(*s->remarks));
	if (!s->names || !s->remarks || roots_copy(s, o) || modules_copy(s, modules, count))
		return no_memory(s, e);
	if (o && o->debuginfod && seep_debuginfod_open(&s->places.server, &why)) {
		s->general_remark = strdup(why.text);
		if (!s->general_remark)
			return no_memory(s, e);
	}
	*symbols = s;
	return 0;
}

/* Opens DWARF out of a file. Without the file that dwz moved parts of it to, it can't be read. */
static void info_open(struct seep_symbols *s, struct binary *b, const struct seep_elf_file *file)
{
	const char *shared_name;
	const uint8_t *id;
	size_t id_bytes;

	if (seep_elf_file_altlink(file, &shared_name, &id, &id_bytes)) {
		b->shared = seep_debug_file_shared(&s->places, file);
		if (!b->shared) {
			if (asprintf(&b->problem, "%s needs %s, which is not to be found: lines in %s can't be named",
				    file->path, shared_name, b->name) < 0)
				b->problem = NULL;
			return;
		}
	}
	b->info = seep_debug_info_open(file, b->shared, s->names);
}

static void files_find(struct seep_symbols *s, struct binary *b)
{
	struct seep_error e;

	if (b->files_looked_for)
		return;
	b->files_looked_for = true;
	b->program = seep_debug_file_program(&s->places, &b->module, &e);
	if (!b->program || !b->program->has_debug_info)
		b->debug = seep_debug_file_find(&s->places, &b->module, b->program);
	if (b->debug && b->debug->has_debug_info)
		info_open(s, b, b->debug);
	else if (b->program && b->program->has_debug_info)
		info_open(s, b, b->program);
	if (!b->program && !b->debug)
		b->problem = strdup(e.text);
}

/* The linker's name of the function at an address. The tables are only read once an address needs them. */
static const char *linker_name(struct binary *b, uint64_t address)
{
	struct seep_elf_file *files[2];
	size_t count = 0;

	if (b->debug)
		files[count++] = b->debug;
	if (b->program)
		files[count++] = b->program;
	if (!count || (!b->table && seep_symbol_table_open(&b->table, files, count)))
		return NULL;
	return seep_symbol_table_find(b->table, address);
}

/* The same, readable. */
static const char *symbol_find(struct seep_symbols *s, struct binary *b, uint64_t address)
{
	const char *symbol = linker_name(b, address), *kept;
	char *readable = symbol ? seep_demangle(symbol) : NULL;

	kept = readable ? seep_names_keep(s->names, readable) : NULL;
	free(readable);
	return kept;
}

/* "libfoo.so+0x1f3a"; NULL when memory ran out. */
static const char *address_name(struct seep_symbols *s, const char *module, uint64_t address)
{
	const char *kept;
	char *text;

	if (asprintf(&text, "%s%s0x%" PRIx64, module, *module ? "+" : "", address) < 0)
		return NULL;
	kept = seep_names_keep(s->names, text);
	free(text);
	return kept;
}

/* Fills what the file says of an address into frames; returns how many, 0 when memory ran out. */
static size_t frames_fill(struct seep_symbols *s, struct binary *b, uint64_t address,
	struct seep_debug_frame found[static SEEP_DEBUG_FRAMES_MAX])
{
	size_t count = 0, outermost;

	if (b) {
		files_find(s, b);
		if (b->info)
			count = seep_debug_info_find(b->info, address, found);
	}
	if (!count) {
		found[0] = (struct seep_debug_frame){0};
		count = 1;
	}
	outermost = count - 1;
	if (b && !found[outermost].function) {
		found[outermost].function = symbol_find(s, b, address);
		if (!found[outermost].function)
			b->unnamed++;
	}
	return count;
}

static const struct seep_frame *frames_make(
	struct seep_symbols *s, struct binary *b, uint64_t address, const struct seep_debug_frame *found, size_t count)
{
	struct seep_frame *frames = seep_names_memory(s->names, count * sizeof(*frames));

	for (size_t i = 0; frames && i < count; i++) {
		frames[i] = (struct seep_frame){
			.function = found[i].function,
			.file = found[i].file,
			.line = found[i].line,
			.module = b ? b->name : "",
			.address = address,
			.inlined = i + 1 < count,
			.named = found[i].function != NULL,
		};
		if (!frames[i].named)
			frames[i].function = address_name(s, frames[i].module, address);
		if (!frames[i].function)
			return NULL;
	}
	return frames;
}

int seep_symbols_resolve(struct seep_symbols *s, uint32_t module, uint64_t return_address,
	const struct seep_frame **frames, size_t *count)
{
	struct seep_debug_frame found[SEEP_DEBUG_FRAMES_MAX];
	uint32_t number = seep_map_find(&s->load_numbers, 0, module, UINT32_MAX);
	const struct load *load = number == UINT32_MAX ? NULL : &s->loads[number];
	uint64_t address = return_address - 1 - (load ? load->bias : 0);
	struct answer answer;
	uint32_t *position;
	bool added;

	number = seep_map_find(&s->answer_numbers, module, return_address, UINT32_MAX);
	if (number == UINT32_MAX) {
		if (seep_array_reserve(&s->answers, &s->answer_capacity, s->answer_count + 1, sizeof(*s->answers)))
			return -1;
		answer.count = frames_fill(s, load ? load->binary : NULL, address, found);
		answer.frames = frames_make(s, load ? load->binary : NULL, address, found, answer.count);
		position = answer.frames ? seep_map_at(&s->answer_numbers, module, return_address,
						   (uint32_t)s->answer_count, &added)
					 : NULL;
		if (!position)
			return -1;
		number = (uint32_t)s->answer_count;
		s->answers[s->answer_count++] = answer;
	}
	*frames = s->answers[number].frames;
	*count = s->answers[number].count;
	return 0;
}

const char *seep_symbols_linkage(struct seep_symbols *s, uint32_t module, uint64_t return_address)
{
	uint32_t number = seep_map_find(&s->load_numbers, 0, module, UINT32_MAX);
	const struct load *load = number == UINT32_MAX ? NULL : &s->loads[number];
	const char *symbol;

	if (!load)
		return NULL;
	files_find(s, load->binary);
	symbol = linker_name(load->binary, return_address - 1 - load->bias);
	return symbol ? seep_names_keep(s->names, symbol) : NULL;
}

const char *seep_symbols_called(struct seep_symbols *s, uint32_t module, uint64_t return_address)
{
	uint32_t number = seep_map_find(&s->load_numbers, 0, module, UINT32_MAX);
	const struct load *load = number == UINT32_MAX ? NULL : &s->loads[number];
	struct binary *b = load ? load->binary : NULL;
	const char *symbol;

	if (!b)
		return NULL;
	files_find(s, b);
	if (!b->targets && b->program)
		b->targets = seep_call_targets_open(b->program);
	symbol = b->targets ? seep_call_targets_find(b->targets, return_address - load->bias) : NULL;
	return symbol ? seep_names_keep(s->names, symbol) : NULL;
}

static void remarks_clear(struct remarks *r)
{
	for (size_t i = 0; i < r->count; i++)
		free((char *)r->sentences[i]);
	r->count = 0;
}

/* Adds a sentence; without memory it is left out. */
static void remark(struct remarks *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void remark(struct remarks *r, const char *format, ...)
{
	va_list arguments;
	char *text;
	int bytes;

	va_start(arguments, format);
	bytes = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (bytes < 0)
		return;
	if (seep_array_reserve(&r->sentences, &r->capacity, r->count + 1, sizeof(*r->sentences)))
		free(text);
	else
		r->sentences[r->count++] = text;
}

static void remark_binary(struct remarks *r, const struct binary *b)
{
	char addresses[64] = "One address";

	if (b->unnamed != 1)
		snprintf(addresses, sizeof(addresses), "%zu addresses", b->unnamed);
	if (!b->program && !b->debug)
		remark(r,
			"%s: its functions can't be named. Put the file that ran into a folder and name that with "
			"--symbols.",
			b->problem ? b->problem : b->module.path);
	else if (b->problem)
		remark(r, "%s. Install it, or name a folder that holds it with --symbols.", b->problem);
	else if (b->unnamed)
		remark(r,
			"%s in %s can't be named, as it has no symbols for them. Install its debug package, name "
			"a folder that holds its debug file with --symbols, or try --debuginfod.",
			addresses, b->module.path);
	if (b->program && !b->module.build_id_bytes)
		remark(r,
			"%s has no build-id, so it can't be checked that it is still the file that ran. Names in it "
			"are right only "
			"if it is; link with -Wl,--build-id.",
			b->module.path);
}

/* These come first: of a file that changed since nothing is named, while one without symbols is everyday. */
static bool is_unusable(const struct binary *b)
{
	return b->problem || (!b->program && !b->debug);
}

size_t seep_symbols_remarks(const struct seep_symbols *s, const char *const **sentences)
{
	struct remarks *r = s->remarks;

	remarks_clear(r);
	if (s->general_remark)
		remark(r, "%s.", s->general_remark);
	for (size_t i = 0; i < s->binary_count; i++)
		if (s->binaries[i].files_looked_for && is_unusable(&s->binaries[i]))
			remark_binary(r, &s->binaries[i]);
	for (size_t i = 0; i < s->binary_count; i++)
		if (s->binaries[i].files_looked_for && !is_unusable(&s->binaries[i]))
			remark_binary(r, &s->binaries[i]);
	*sentences = r->sentences;
	return r->count;
}

static void binary_close(struct binary *b)
{
	seep_debug_info_close(b->info);
	seep_symbol_table_close(b->table);
	seep_call_targets_close(b->targets);
	seep_elf_file_close(b->shared);
	seep_elf_file_close(b->debug);
	seep_elf_file_close(b->program);
	free(b->problem);
}

void seep_symbols_close(struct seep_symbols *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->binary_count; i++)
		binary_close(&s->binaries[i]);
	for (size_t i = 0; i < s->places.root_count; i++)
		free(s->roots[i]);
	if (s->remarks) {
		remarks_clear(s->remarks);
		free(s->remarks->sentences);
	}
	seep_debuginfod_close(s->places.server);
	seep_map_clear(&s->load_numbers);
	seep_map_clear(&s->answer_numbers);
	seep_names_destroy(s->names);
	free(s->remarks);
	free(s->roots);
	free(s->general_remark);
	free(s->binaries);
	free(s->loads);
	free(s->answers);
	free(s);
}

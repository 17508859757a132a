/* SPDX-License-Identifier: Apache-2.0
 *
 * debug_file.c: the places where files of a module may lie, in the order of GDB's manual ("Debugging Information in
 * Separate Files"): by build-id, by the name in .gnu_debuglink, and then below the user's folders.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwelf.h>

#include "debug_file.h"
#include "debuginfod.h"
#include "elf_file.h"
#include "error.h"
#include "model.h"

/* One search: what a file must be, and the best one so far. */
struct search {
	const uint8_t *build_id; /* what a file must have */
	size_t build_id_bytes;
	bool by_checksum; /* or else this, from the debuglink */
	uint32_t checksum;
	struct seep_elf_file *found;
	bool enough; /* it has DWARF; nothing better can come */
};

static bool belongs(const struct search *s, const struct seep_elf_file *file)
{
	uint32_t checksum;

	if (s->build_id_bytes && file->build_id_bytes)
		return file->build_id_bytes == s->build_id_bytes &&
		       !memcmp(file->build_id, s->build_id, s->build_id_bytes);
	return s->by_checksum && !seep_elf_file_crc(file, &checksum) && checksum == s->checksum;
}

/* Looks at the file at a path. Takes over the path. */
static void try_path(struct search *s, char *path)
{
	struct seep_elf_file *file;
	struct seep_error e;

	if (!path || s->enough || seep_elf_file_open(&file, path, &e)) {
		free(path);
		return;
	}
	free(path);
	if (!belongs(s, file) || !(file->has_debug_info || (file->has_symbols && !s->found))) {
		seep_elf_file_close(file);
		return;
	}
	seep_elf_file_close(s->found);
	s->found = file;
	s->enough = file->has_debug_info;
}

static void try(struct search *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void try(struct search *s, const char *format, ...)
{
	va_list arguments;
	char *path;

	va_start(arguments, format);
	if (vasprintf(&path, format, arguments) < 0)
		path = NULL;
	va_end(arguments);
	try_path(s, path);
}

static void hex(char *to, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to += sprintf(to, "%02x", bytes[i]);
	*to = '\0';
}

/* ROOT/.build-id/ab/cdef.debug; a root may also be a .build-id folder itself. */
static void try_build_id(struct search *s, const struct seep_debug_places *places, const char *ending)
{
	char id[2 * 64 + 1];

	if (s->build_id_bytes < 2 || s->build_id_bytes > 64)
		return;
	hex(id, s->build_id, s->build_id_bytes);
	for (size_t i = 0; i < places->root_count; i++) {
		try(s, "%s/.build-id/%.2s/%s%s", places->roots[i], id, id + 2, ending);
		try(s, "%s/%.2s/%s%s", places->roots[i], id, id + 2, ending);
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* By the original path below a root, or by the base name in it. */
static void try_roots(struct search *s, const struct seep_debug_places *places, const char *path)
{
	for (size_t i = 0; i < places->root_count; i++) {
		if (*path == '/')
			try(s, "%s%s", places->roots[i], path);
		try(s, "%s/%s", places->roots[i], base_name(path));
		try(s, "%s/%s.debug", places->roots[i], base_name(path));
	}
}

static void try_link_at(struct search *s, const struct seep_debug_places *places, const char *program, const char *name)
{
	int folder = (int)(base_name(program) - program);

	try(s, "%.*s%s", folder, program, name);
	try(s, "%.*s.debug/%s", folder, program, name);
	for (size_t i = 0; i < places->root_count; i++) {
		if (*program == '/')
			try(s, "%s%.*s%s", places->roots[i], folder, program, name);
		try(s, "%s/%s", places->roots[i], name);
	}
}

/* By .gnu_debuglink, next to where the program was recorded and to where symbolic links lead from there. */
static void try_link(struct search *s, const struct seep_debug_places *places, const struct seep_elf_file *program)
{
	GElf_Word checksum;
	const char *name = dwelf_elf_gnu_debuglink(program->elf, &checksum);
	char *real;

	if (!name || !*name || strchr(name, '/')) /* a name, not a path to lead elsewhere */
		return;
	s->by_checksum = true;
	s->checksum = checksum;
	try_link_at(s, places, program->path, name);
	real = realpath(program->path, NULL);
	if (real && strcmp(real, program->path))
		try_link_at(s, places, real, name);
	free(real);
	s->by_checksum = false;
}

struct seep_elf_file *seep_debug_file_find(
	const struct seep_debug_places *places, const struct seep_module *module, const struct seep_elf_file *program)
{
	struct search s = {.build_id = module->build_id, .build_id_bytes = module->build_id_bytes};

	try_build_id(&s, places, ".debug");
	if (program)
		try_link(&s, places, program);
	try_roots(&s, places, module->path);
	if (places->server && !s.enough) {
		try_path(&s, seep_debuginfod_fetch(places->server, s.build_id, s.build_id_bytes, false));
		if (!program && !s.found)
			try_path(&s, seep_debuginfod_fetch(places->server, s.build_id, s.build_id_bytes, true));
	}
	return s.found;
}

struct seep_elf_file *seep_debug_file_shared(const struct seep_debug_places *places, const struct seep_elf_file *file)
{
	struct search s = {0};
	const char *name;

	if (!seep_elf_file_altlink(file, &name, &s.build_id, &s.build_id_bytes) || !s.build_id_bytes)
		return NULL;
	try_build_id(&s, places, ".debug");
	if (*name == '/') {
		try(&s, "%s", name);
	} else {
		char *real = realpath(file->path, NULL);

		if (real)
			try(&s, "%.*s%s", (int)(base_name(real) - real), real, name);
		free(real);
	}
	try_roots(&s, places, name);
	return s.found;
}

/* A build-id in hex, cut to what tells two files apart; "none" for none. */
static void id_describe(char text[static 40], const uint8_t *build_id, size_t bytes)
{
	if (bytes)
		hex(text, build_id, bytes < 8 ? bytes : 8);
	else
		snprintf(text, 40, "none");
}

static int changed(struct seep_error *e, const struct seep_elf_file *file, const struct seep_module *module)
{
	char then[40], now[40];

	if (!file->build_id_bytes && !module->build_id_bytes)
		return seep_error_set(e, "%s changed since the recording (it had another size then)", file->path);
	id_describe(then, module->build_id, module->build_id_bytes);
	id_describe(now, file->build_id, file->build_id_bytes);
	return seep_error_set(e, "%s changed since the recording (build-id %s then, %s now)", file->path, then, now);
}

/* Opens the file at a path if it is the one that ran. */
static struct seep_elf_file *open_if_same(const char *path, const struct seep_module *module, struct seep_error *e)
{
	struct seep_elf_file *file;

	if (seep_elf_file_open(&file, path, e))
		return NULL;
	if (seep_elf_file_is(file, module))
		return file;
	changed(e, file, module);
	seep_elf_file_close(file);
	return NULL;
}

static bool is_vdso(const char *path)
{
	return !strcmp(path, "[vdso]") || !strcmp(path, "linux-vdso.so.1") || !strcmp(path, "linux-gate.so.1");
}

static struct seep_elf_file *open_vdso(const struct seep_module *module, struct seep_error *e)
{
	struct seep_elf_file *file;

	if (seep_elf_file_open_vdso(&file, e))
		return NULL;
	if (module->build_id_bytes && seep_elf_file_is(file, module))
		return file;
	seep_error_set(e, "the kernel's vDSO is another one than in the recording");
	seep_elf_file_close(file);
	return NULL;
}

/* Linux shows the path of a file that was removed or replaced while it was mapped with this behind it. */
static char *without_deleted(const char *path)
{
	static const char mark[] = " (deleted)";
	size_t bytes = strlen(path), cut = sizeof(mark) - 1;

	return bytes > cut && !strcmp(path + bytes - cut, mark) ? strndup(path, bytes - cut) : strdup(path);
}

struct seep_elf_file *seep_debug_file_program(
	const struct seep_debug_places *places, const struct seep_module *module, struct seep_error *e)
{
	struct seep_elf_file *file = NULL;
	struct seep_error ignored;
	char *path;

	if (is_vdso(module->path))
		return open_vdso(module, e);
	path = without_deleted(module->path);
	if (!path) {
		seep_error_set(e, "%s can't be opened (memory ran out)", module->path);
		return NULL;
	}
	file = open_if_same(path, module, e);
	for (size_t i = 0; i < places->root_count && !file; i++) {
		char *below = NULL, *base = NULL;

		if (asprintf(&below, "%s/%s", places->roots[i], path) >= 0) {
			file = open_if_same(below, module, &ignored);
			free(below);
		}
		if (!file && asprintf(&base, "%s/%s", places->roots[i], base_name(path)) >= 0) {
			file = open_if_same(base, module, &ignored);
			free(base);
		}
	}
	free(path);
	return file;
}

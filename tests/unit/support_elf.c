/* SPDX-License-Identifier: Apache-2.0
 *
 * support_elf.c: compiles and runs the programs of support_elf.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "error.h"
#include "support_elf.h"

static char folder[] = "/tmp/seep-symbols-XXXXXX";

int elf_set_up(void **state)
{
	(void)state;
	/* No test may depend on what a developer has set; one sets the servers itself. */
	unsetenv("DEBUGINFOD_URLS");
	return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

int elf_tear_down(void **state)
{
	char command[sizeof(folder) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") || system(command);
}

const char *elf_folder(void)
{
	return folder;
}

void elf_run(const char *format, ...)
{
	va_list arguments;
	char *command;

	va_start(arguments, format);
	assert_true(vasprintf(&command, format, arguments) >= 0);
	va_end(arguments);
	fflush(NULL);
	if (system(command))
		fail_msg("failed: %s", command);
	free(command);
}

int elf_has(const char *program)
{
	char command[256];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
	return !system(command);
}

void elf_write(const char *name, const void *bytes, size_t count)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
}

void *elf_read(const char *name, size_t *count)
{
	FILE *file = fopen(name, "r");
	char *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	bytes = malloc((size_t)size + 1);
	assert_non_null(bytes);
	*count = fread(bytes, 1, (size_t)size, file);
	assert_int_equal(*count, size);
	fclose(file);
	return bytes;
}

void elf_compile(const char *name, const char *source, const char *text, const char *flags)
{
	const char *ending = strrchr(source, '.');

	elf_write(source, text, strlen(text));
	elf_run("%s -fno-optimize-sibling-calls -o %s %s %s", ending && !strcmp(ending, ".cc") ? "g++" : "gcc", name,
		source, flags);
}

size_t elf_addresses(const char *program, uint64_t *addresses, size_t most)
{
	char command[512], line[64];
	size_t count = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "./%s", program);
	fflush(NULL);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (count < most && fgets(line, sizeof(line), pipe))
		addresses[count++] = strtoull(line, NULL, 16);
	assert_int_equal(pclose(pipe), 0);
	return count;
}

/* Asks readelf for the build-id, so that the code under test is not its own witness. */
struct seep_module elf_module(const char *name)
{
	static char path[512];
	struct seep_module module = {.number = 1, .path = path};
	char command[1536], id[64] = "", end[64] = "";
	FILE *pipe;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(command, sizeof(command),
		"LC_ALL=C readelf -nW %s | sed -n 's/.*Build ID: //p' | head -n 1;"
		"LC_ALL=C readelf -lW %s | awk '$1 == \"LOAD\" { end = $3 \" \" $6 } END { print end }'",
		path, path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(end, sizeof(end), pipe))
		if (!strchr(end, 'x'))
			strcpy(id, end);
	assert_int_equal(pclose(pipe), 0);
	for (size_t i = 0; i < sizeof(module.build_id) && sscanf(id + 2 * i, "%2hhx", &module.build_id[i]) == 1; i++)
		module.build_id_bytes++;
	if (strchr(end, ' '))
		module.end = strtoull(end, NULL, 16) + strtoull(strchr(end, ' '), NULL, 16);
	return module;
}

struct seep_symbols *elf_symbols(const struct seep_module *module, const char *root, const char *other)
{
	const char *const roots[] = {root, other};
	const struct seep_symbols_options options = {
		.search_paths = roots, .search_path_count = (root != NULL) + (other != NULL)};
	struct seep_symbols *s = NULL;
	struct seep_error e = {""};

	if (seep_symbols_open(&s, &options, module, 1, &e))
		fail_msg("%s", e.text);
	return s;
}

const struct seep_frame *elf_resolve(struct seep_symbols *s, uint64_t address, size_t *count)
{
	const struct seep_frame *frames = NULL;

	assert_int_equal(seep_symbols_resolve(s, 1, address, &frames, count), 0);
	assert_true(*count > 0);
	return frames;
}

void elf_expect(const struct seep_frame *frame, const char *expected)
{
	const char *base = frame->file ? strrchr(frame->file, '/') : NULL;
	char text[1024];

	if (frame->file)
		snprintf(text, sizeof(text), "%s %s:%u", frame->function, base ? base + 1 : frame->file, frame->line);
	else
		snprintf(text, sizeof(text), "%s", frame->function);
	if (!frame->file)
		assert_int_equal(frame->line, 0);
	assert_string_equal(text, expected);
}

void elf_expect_remark(const struct seep_symbols *s, const char *text)
{
	const char *const *sentences;
	size_t count = seep_symbols_remarks(s, &sentences);

	if (!text) {
		if (count)
			fail_msg("unexpected remark: %s", sentences[0]);
		return;
	}
	assert_int_equal(count, 1);
	if (!strstr(sentences[0], text))
		fail_msg("the remark should hold \"%s\" and is: %s", text, sentences[0]);
	assert_int_equal(sentences[0][strlen(sentences[0]) - 1], '.');
}

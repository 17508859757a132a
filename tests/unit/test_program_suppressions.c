/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppressions that a program brings: small programs, compiled here in the ways that compilers have to return a text, and some whose text can't be
 * told; and the same files damaged at every byte.
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

#include "call_targets.h"
#include "elf_file.h"
#include "program_suppressions.h"

static char folder[] = "/tmp/seep-test-program.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/program", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* False: this machine has no such compiler. */
static bool compile(const char *compiler, const char *flags, const char *source)
{
	char command[2000];
	FILE *pipe;

	snprintf(command, sizeof(command), "command -v %s >/dev/null && %s %s -x c -o %s - 2>/dev/null", compiler,
		compiler, flags, path);
	pipe = popen(command, "w");
	assert_non_null(pipe);
	fputs(source, pipe);
	return pclose(pipe) == 0;
}

/* The program as a module of a trace has it. */
static struct seep_module module_of(void)
{
	struct seep_module m = {.path = path};
	struct seep_elf_file *file;
	struct seep_error error;

	assert_int_equal(seep_elf_file_open(&file, path, &error), 0);
	m.build_id_bytes = file->build_id_bytes;
	memcpy(m.build_id, file->build_id, sizeof(m.build_id));
	seep_elf_file_close(file);
	return m;
}

#define MAIN "int main(void) { return 0; }\n"
#define FUNCTION "const char *__lsan_default_suppressions(void)"

static void test_told(void **state)
{
	static const char *const sources[] = {
		FUNCTION " { return \"leak:x\\n\"; }\n" MAIN,
		"static const char text[] = \"leak:x\\n\";\n" FUNCTION " { return text; }\n" MAIN,
		"const char text[] = \"leak:x\\n\";\n" FUNCTION " { return text; }\n" MAIN,
		"const char *const text = \"leak:x\\n\";\n" FUNCTION " { return text; }\n" MAIN,
		"const char *text = \"leak:x\\n\";\n" FUNCTION " { return text; }\n" MAIN,
		"static const char *other(void) { return \"leak:x\\n\"; }\n" FUNCTION " { return other(); }\n" MAIN,
	};
	static const char *const flags[] = {"-O0", "-O2", "-O2 -no-pie -fno-pie", "-O0 -fPIC", "-O2 -fcf-protection"};
	static const char *const compilers[] = {"gcc", "clang"};
	unsigned told = 0;

	(void)state;
	for (size_t c = 0; c < 2; c++)
		for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
			for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
				struct seep_module m;
				struct seep_error error;
				char *text;

				if (!compile(compilers[c], flags[f], sources[i]))
					continue;
				m = module_of();
				if (seep_program_suppressions(&m, &text, &error) < 0) {
					/* only a call can't be followed, where it was not inlined */
					if (i < 5 || strstr(flags[f], "-O2"))
						fail_msg(
							"%s %s, source %zu: %s", compilers[c], flags[f], i, error.text);
					continue;
				}
				assert_non_null(text);
				assert_string_equal(text, "leak:x\n");
				free(text);
				told++;
			}
	assert_true(told >= 25);
}

static void test_not_told(void **state)
{
	struct seep_module m;
	struct seep_error error;
	char *text;

	(void)state;
	assert_true(compile("gcc", "-O2", MAIN));
	m = module_of();
	assert_int_equal(seep_program_suppressions(&m, &text, &error), 0);
	assert_null(text);

	assert_true(compile("gcc", "-O2", FUNCTION " { return 0; }\n" MAIN));
	m = module_of();
	assert_int_equal(seep_program_suppressions(&m, &text, &error), 0);
	assert_null(text);

	assert_true(compile("gcc", "-O2",
		"char *getenv(const char *);\n" FUNCTION
		" { return getenv(\"X\") ? \"leak:x\" : \"leak:y\"; }\n" MAIN));
	m = module_of();
	assert_int_equal(seep_program_suppressions(&m, &text, &error), -1);
	assert_non_null(strstr(error.text, "can't be told from outside"));

	/* another file than the one that ran */
	m.build_id[0] ^= 1;
	assert_int_equal(seep_program_suppressions(&m, &text, &error), 0);
	assert_null(text);
}

/* A call of a function of another file names it; other places name nothing. The program's calls are found by trying all addresses. */
static void test_call_targets(void **state)
{
	static const char *const flags[] = {"-O0", "-O2 -fno-plt", "-O2 -no-pie -fno-pie", "-O2 -fcf-protection"};

	(void)state;
	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
		unsigned setenv_calls = 0, tzset_calls = 0;
		struct seep_elf_file *file;
		struct seep_call_targets *targets;
		struct seep_error error;

		assert_true(compile("gcc", flags[f],
			"int setenv(const char *, const char *, int); void tzset(void);\n"
			"int main(void) { setenv(\"A\", \"B\", 1); tzset(); return setenv(\"C\", \"D\", 1); }\n"));
		assert_int_equal(seep_elf_file_open(&file, path, &error), 0);
		targets = seep_call_targets_open(file);
		assert_non_null(targets);
		for (uint64_t address = 0; address < 0x500000; address++) {
			const char *name = seep_call_targets_find(targets, address);

			setenv_calls += name && !strncmp(name, "setenv", 6);
			tzset_calls += name && !strncmp(name, "tzset", 5);
		}
		/* the last call of main may have become a jump */
		assert_in_range(setenv_calls, 1, 2);
		assert_int_equal(tzset_calls, 1);
		seep_call_targets_close(targets);
		seep_elf_file_close(file);
	}
}

/* Whatever the file holds, nothing worse than no answer comes of it (under ASan in `make asan`). */
static void test_damaged(void **state)
{
	struct seep_module m;
	struct seep_error error;
	uint8_t *bytes;
	size_t count;
	FILE *file;
	char *text;

	(void)state;
	assert_true(compile("gcc", "-O0 -s -Wl,--export-dynamic -nostdlib -e main -Wl,-z,noseparate-code",
		"const char *text = \"leak:x\\n\";\n" FUNCTION " { return text; }\n" MAIN));
	m = module_of();
	file = fopen(path, "r");
	bytes = malloc(1 << 20);
	count = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	assert_in_range(count, 1000, 1 << 19);
	for (size_t i = 0; i < count; i += 3) {
		uint8_t was = bytes[i];

		bytes[i] ^= (uint8_t)(i % 2 ? 0xff : 0x80);
		file = fopen(path, "w");
		fwrite(bytes, 1, count, file);
		fclose(file);
		bytes[i] = was;
		if (seep_program_suppressions(&m, &text, &error) == 0)
			free(text);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_not_told),
		cmocka_unit_test(test_call_targets),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

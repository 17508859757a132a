/* SPDX-License-Identifier: Apache-2.0
 *
 * What symbols say of an address, for programs whose sources are here: lines, inlined calls, C++ and Rust names, and what is
 * left when there is only a symbol table, or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <link.h>

#include "elf_file.h"
#include "error.h"
#include "support_elf.h"

/* Line 1 holds note(); the calls are in lines 3, 4 and 7. */
static const char plain_source[] = ELF_NOTE
	"\n" /* 1 */
	"static __attribute__((noinline)) void local(void) {\n" /* 2 */
	"	note();\n" /* 3 */
	"	note(); }\n" /* 4 */
	"__attribute__((noinline)) void global(int n) {\n" /* 5 */
	"	if (n)\n" /* 6 */
	"		note();\n" /* 7 */
	"}\n" /* 8 */
	"int main(int argc, char **argv) {\n" /* 9 */
	"	(void)argv; local();\n" /* 10 */
	"	global(argc); return 0; }\n"; /* 11 */

static void expect_plain(const char *program, const char *const expected[3])
{
	struct seep_module module = elf_module(program);
	struct seep_symbols *s = elf_symbols(&module, NULL, NULL);
	uint64_t addresses[4];

	assert_int_equal(elf_addresses(program, addresses, 4), 3);
	for (size_t i = 0; i < 3; i++) {
		size_t count;
		const struct seep_frame *frame = elf_resolve(s, addresses[i], &count);

		assert_int_equal(count, 1);
		elf_expect(frame, expected[i]);
		assert_string_equal(frame->module, program);
		assert_int_equal(frame->address, addresses[i] - 1);
		assert_false(frame->inlined);
		assert_true(frame->named);
	}
	elf_expect_remark(s, NULL);
	seep_symbols_close(s);
}

static void test_lines(void **state)
{
	static const char *const flags[] = {
		"-g -O0",
		"-g -O2",
		"-gdwarf-4 -O2",
		"-gdwarf-5 -O1",
		"-g -gz -O2",
		"-g -O0 -ffunction-sections -Wl,--gc-sections",
		"-g -O0 -fdebug-types-section",
		"-g -O2 -flto",
	};
	static const char *const expected[] = {"local plain.c:3", "local plain.c:4", "global plain.c:7"};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		elf_compile("plain", "plain.c", plain_source, flags[i]);
		expect_plain("plain", expected);
	}
}

/* Without .debug_aranges, as clang leaves it, and with it for one of two units. */
static void test_units_without_aranges(void **state)
{
	static const char *const expected[] = {"local plain.c:3", "local plain.c:4", "global plain.c:7"};

	(void)state;
	elf_compile("plain", "plain.c", plain_source, "-g -O0");
	elf_run("objcopy --remove-section .debug_aranges plain");
	expect_plain("plain", expected);

	elf_write("other.c", "int other(int n) { return n + 1; }\n", 35);
	elf_run("gcc -g -O0 -c other.c plain.c && objcopy --remove-section .rela.debug_aranges plain.o &&"
		"objcopy --remove-section .debug_aranges plain.o && gcc -o plain plain.o other.o");
	expect_plain("plain", expected);
	if (elf_has("clang")) {
		elf_run("clang -g -O1 -o plain plain.c -Wno-unknown-attributes");
		expect_plain("plain", expected);
	}
}

static void test_paths(void **state)
{
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t address;
	size_t count;
	char wanted[512];

	(void)state;
	elf_run("mkdir -p src/deep");
	elf_write("src/deep/plain.c", plain_source, sizeof(plain_source) - 1);
	elf_run("cd src/deep && gcc -g -O0 -o ../../where .././/deep/../deep/plain.c");
	module = elf_module("where");
	assert_int_equal(elf_addresses("where", &address, 1), 1);
	s = elf_symbols(&module, NULL, NULL);
	snprintf(wanted, sizeof(wanted), "%s/src/deep/plain.c", elf_folder());
	assert_string_equal(elf_resolve(s, address, &count)->file, wanted);
	seep_symbols_close(s);

	elf_run("gcc -g -O0 -fdebug-prefix-map=%s=. -o where src/deep/plain.c", elf_folder());
	module = elf_module("where");
	assert_int_equal(elf_addresses("where", &address, 1), 1);
	s = elf_symbols(&module, NULL, NULL);
	assert_string_equal(elf_resolve(s, address, &count)->file, "src/deep/plain.c");
	seep_symbols_close(s);
}

static void test_inlined(void **state)
{
	static const char source[] = ELF_NOTE
		"\n"
		"#define INLINE static inline __attribute__((always_inline))\n" /* 2 */
		"INLINE void innermost(void) {\n" /* 3 */
		"	note(); }\n" /* 4 */
		"INLINE void middle(int n) {\n" /* 5 */
		"	for (int i = 0; i < n; i++) {\n" /* 6 */
		"		int odd = i & 1;\n" /* 7 */
		"		if (odd)\n" /* 8 */
		"			innermost(), ({__asm__ volatile(\"nop\");});\n" /* 9 */
		"		else\n" /* 10 */
		"			note(); } }\n" /* 11 */
		"__attribute__((noinline)) void outer(int n) {\n" /* 12 */
		"	middle(n);\n" /* 13 */
		"	note(); }\n" /* 14 */
		"int main(void) {\n" /* 15 */
		"	outer(2); return 0; }\n"; /* 16 */
	static const char *const expected[3][4] = {
		{"middle in.c:11", "outer in.c:13"},
		{"innermost in.c:4", "middle in.c:9", "outer in.c:13"},
		{"outer in.c:14"},
	};
	static const char *const flags[] = {"-g -O2 -fno-unroll-loops", "-gdwarf-4 -O1", "-gdwarf-5 -O0"};

	(void)state;
	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
		struct seep_module module;
		struct seep_symbols *s;
		uint64_t addresses[4];

		elf_compile("in", "in.c", source, flags[f]);
		module = elf_module("in");
		s = elf_symbols(&module, NULL, NULL);
		assert_int_equal(elf_addresses("in", addresses, 4), 3);
		for (size_t i = 0; i < 3; i++) {
			size_t count, known = 0;
			const struct seep_frame *frames = elf_resolve(s, addresses[i], &count);

			for (; known < 4 && expected[i][known]; known++) {
				assert_true(known < count);
				elf_expect(&frames[known], expected[i][known]);
				assert_int_equal(frames[known].address, addresses[i] - 1);
				assert_int_equal(frames[known].inlined, known + 1 < count);
			}
			assert_int_equal(count, known);
		}
		seep_symbols_close(s);
	}
}

/* GNU C's functions within functions are within others' DIEs, and their code is elsewhere. */
static void test_nested_function(void **state)
{
	static const char source[] = ELF_NOTE
		"\n"
		"int main(int argc, char **argv) {\n" /* 2 */
		"	__attribute__((noinline)) void within(void) {\n" /* 3 */
		"		if (argc) note(); }\n" /* 4 */
		"	(void)argv; within();\n" /* 5 */
		"	note(); return 0; }\n"; /* 6 */
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t addresses[2];
	size_t count;

	(void)state;
	elf_compile("nested", "nested.c", source, "-g -O0");
	module = elf_module("nested");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("nested", addresses, 2), 2);
	elf_expect(elf_resolve(s, addresses[1], &count), "main nested.c:6");
	elf_expect(elf_resolve(s, addresses[0], &count), "within nested.c:4");
	elf_expect(elf_resolve(s, addresses[1] - 1, &count), "main nested.c:6");
	seep_symbols_close(s);
}

/* Functions without external linkage have no linkage name in DWARF, only the last part of their name. */
static void test_cplusplus(void **state)
{
	static const char source[] =
		"extern \"C\" { " ELF_NOTE
		" }\n"
		"#define SINGLE __attribute__((noinline))\n" /* 2 */
		"namespace session {\n" /* 3 */
		"struct table { SINGLE void grow(int n) const; template <class T> SINGLE T make(T t); };\n"
		"SINGLE void table::grow(int) const { note(); }\n" /* 5 */
		"template <class T> SINGLE T table::make(T t) { note(); return t; }\n" /* 6 */
		"static SINGLE void drop(int) { note(); }\n" /* 7 */
		"namespace { struct hidden { SINGLE void in(); inline __attribute__((always_inline)) void flat() {\n"
		"	note(); } }; SINGLE void hidden::in() { note(); }\n" /* 9 */
		"SINGLE void only_here() { note(); } }\n" /* 10 */
		"SINGLE void all() { table t; t.grow(1); t.make<char>(1); drop(1); hidden h; h.in(); only_here();\n"
		"	h.flat();\n" /* 12 */
		"	auto f = [](int) SINGLE { note(); }; f(1); }\n" /* 13 */
		"}\n"
		"int main() { session::all(); }\n";
	static const char *const expected[] = {
		"session::table::grow(int) const x.cc:5",
		"session::table::make<char>(char) x.cc:6",
		"session::drop x.cc:7",
		"session::(anonymous namespace)::hidden::in x.cc:9",
		"session::(anonymous namespace)::only_here x.cc:10",
		"session::(anonymous namespace)::hidden::flat x.cc:9",
		"session::all::{lambda}::operator() x.cc:13",
	};
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t addresses[8];

	(void)state;
	elf_compile("x", "x.cc", source, "-g -O0");
	module = elf_module("x");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("x", addresses, 8), 7);
	for (size_t i = 0; i < 7; i++) {
		size_t count;
		const struct seep_frame *frames = elf_resolve(s, addresses[i], &count);

		elf_expect(&frames[0], expected[i]);
		assert_int_equal(count, i == 5 ? 2 : 1);
		if (i == 5)
			elf_expect(&frames[1], "session::all() x.cc:12");
	}
	seep_symbols_close(s);

	elf_run("strip -g x"); /* the symbol table has them mangled */
	module = elf_module("x");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("x", addresses, 8), 7);
	{
		static const char *const symbols[] = {"session::table::grow(int) const",
			"session::table::make<char>(char)", "session::drop(int)",
			"session::(anonymous namespace)::hidden::in()", "session::(anonymous namespace)::only_here()",
			"session::all()", "session::all()::{lambda(int)#1}::operator()(int) const"};

		for (size_t i = 0; i < 7; i++) {
			size_t count;

			elf_expect(elf_resolve(s, addresses[i], &count), symbols[i]);
		}
	}
	seep_symbols_close(s);
}

/* A C function that another file knows by another name. */
static void test_renamed_in_c(void **state)
{
	static const char source[] = ELF_NOTE
		"\n"
		"void put(void) __asm__(\"__GI_put\");\n"
		"__attribute__((noinline)) void put(void) { note(); }\n"
		"int main(void) { put(); return 0; }\n";
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t address;
	size_t count;

	(void)state;
	elf_compile("renamed", "renamed.c", source, "-g -O0");
	module = elf_module("renamed");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("renamed", &address, 1), 1);
	elf_expect(elf_resolve(s, address, &count), "put renamed.c:3");
	seep_symbols_close(s);
}

static void test_rust_names(void **state)
{
	static const char source[] = ELF_NOTE
		"\n"
		"void legacy(void) __asm__(\"_ZN3app7session3new17h0123456789abcdefE\");\n"
		"void newer(void) __asm__(\"_RNvNtC3app7session4drop\");\n"
		"__attribute__((noinline)) void legacy(void) { note(); }\n"
		"__attribute__((noinline)) void newer(void) { note(); }\n"
		"int main(void) { legacy(); newer(); return 0; }\n";
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t addresses[2];
	size_t count;

	(void)state;
	elf_compile("rust", "rust.c", source, "-O0");
	module = elf_module("rust");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("rust", addresses, 2), 2);
	elf_expect(elf_resolve(s, addresses[0], &count), "app::session::new");
	elf_expect(elf_resolve(s, addresses[1], &count), "app::session::drop");
	seep_symbols_close(s);
}

static void test_symbol_table_only(void **state)
{
	static const char *const expected[] = {"local", "local", "global"};

	(void)state;
	elf_compile("plain", "plain.c", plain_source, "-O0");
	expect_plain("plain", expected);
	elf_compile("plain", "plain.c", plain_source, "-g -O0");
	elf_run("strip -g plain");
	expect_plain("plain", expected);
}

/* Of a stripped library the exported functions are known, and a static one behind them must not get their name. */
static void test_exported_only(void **state)
{
	static const char source[] = ELF_NOTE
		"\n"
		"static __attribute__((noinline)) void hidden(void) { note(); }\n"
		"__attribute__((noinline)) void first(void) { note(); }\n"
		"static __attribute__((noinline)) void between(void) { note(); }\n"
		"__attribute__((noinline)) void last(void) { hidden(); note(); }\n"
		"int main(void) { hidden(); first(); between(); last(); return 0; }\n";
	static const char *const expected[] = {NULL, "first", NULL, NULL, "last"};
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t addresses[8];

	(void)state;
	elf_compile("exports", "exports.c", source, "-O0 -rdynamic -s");
	module = elf_module("exports");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("exports", addresses, 8), 5);
	for (size_t i = 0; i < 5; i++) {
		size_t count;
		const struct seep_frame *frame = elf_resolve(s, addresses[i], &count);
		char offset[64];

		snprintf(offset, sizeof(offset), "exports+0x%llx", (unsigned long long)addresses[i] - 1);
		elf_expect(frame, expected[i] ? expected[i] : offset);
		assert_int_equal(frame->named, expected[i] != NULL);
	}
	elf_expect_remark(s, "2 addresses in ");
	seep_symbols_close(s);
}

static void test_nothing(void **state)
{
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t address;
	size_t count;

	(void)state;
	elf_compile("plain", "plain.c", plain_source, "-O0 -s");
	module = elf_module("plain");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("plain", &address, 1), 1);
	assert_false(elf_resolve(s, address, &count)->named);
	assert_int_equal(count, 1);
	elf_expect_remark(s, "One address in ");
	elf_expect_remark(s, "--symbols");
	seep_symbols_close(s);
}

static void test_aliases(void **state)
{
	static const char source[] = ELF_NOTE
		"\n"
		"__attribute__((noinline)) void __lib_copy(void) { note(); }\n"
		"extern void copy(void) __attribute__((weak, alias(\"__lib_copy\")));\n"
		"extern void _copy(void) __attribute__((alias(\"__lib_copy\")));\n"
		"__attribute__((noinline)) void zulu(void) { note(); }\n"
		"extern void alfa(void) __attribute__((weak, alias(\"zulu\")));\n"
		"__attribute__((noinline)) void exported(void) { note(); }\n"
		"static __attribute__((unused, alias(\"exported\"))) void a(void);\n"
		"__asm__(\".globl bare\\nbare: .cfi_startproc\\n sub $8, %rsp\\n call note_too\\n add $8, %rsp\\n "
		"ret\\n\""
		"        \".cfi_endproc\\n\");\n"
		"void bare(void); __attribute__((noinline, used)) void note_too(void) {\n"
		"	printf(\"%lx\\n\", (unsigned long)((const char *)__builtin_return_address(0) - "
		"__executable_start)); }\n"
		"int main(void) { __lib_copy(); zulu(); exported(); bare(); return 0; }\n";
	static const char *const expected[] = {"copy", "zulu", "exported", "bare"};
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t addresses[4];
	size_t count;

	(void)state;
#ifndef __x86_64__
	skip(); /* the assembler in the source */
#endif
	elf_compile("aliases", "aliases.c", source, "-O0");
	module = elf_module("aliases");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("aliases", addresses, 4), 4);
	for (size_t i = 0; i < 4; i++)
		elf_expect(elf_resolve(s, addresses[i], &count), expected[i]);
	seep_symbols_close(s);

	/* Stripped of its local symbols, a table does not say how far a function without a size reaches. */
	elf_run("strip -x aliases");
	module = elf_module("aliases");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("aliases", addresses, 4), 4);
	elf_expect(elf_resolve(s, addresses[0], &count), "copy");
	assert_false(elf_resolve(s, addresses[3], &count)->named);
	seep_symbols_close(s);
}

static void test_bias(void **state)
{
	struct seep_module modules[2];
	struct seep_symbols *s = NULL;
	const struct seep_frame *frames, *again;
	uint64_t address;
	size_t count;

	(void)state;
	elf_compile("plain", "plain.c", plain_source, "-g -O0");
	modules[0] = elf_module("plain");
	assert_int_equal(elf_addresses("plain", &address, 1), 1);
	/* The same file loaded twice, as module 7 and 4000000000. */
	modules[1] = modules[0];
	for (size_t i = 0; i < 2; i++) {
		modules[i].number = i ? 4000000000u : 7;
		modules[i].bias = i ? 0x7f0000000000 : 0x555555554000;
		modules[i].start = modules[i].bias;
		modules[i].end += modules[i].bias;
	}
	assert_int_equal(seep_symbols_open(&s, NULL, modules, 2, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			seep_symbols_resolve(s, modules[i].number, modules[i].bias + address, &frames, &count), 0);
		elf_expect(frames, "local plain.c:3");
		assert_int_equal(frames->address, address - 1);
		assert_int_equal(
			seep_symbols_resolve(s, modules[i].number, modules[i].bias + address, &again, &count), 0);
		assert_ptr_equal(frames, again);
	}
	/* No module, and one that is not there. */
	assert_int_equal(seep_symbols_resolve(s, 0, 0x7f0000001235, &frames, &count), 0);
	elf_expect(frames, "0x7f0000001234");
	assert_string_equal(frames->module, "");
	assert_int_equal(frames->address, 0x7f0000001234);
	assert_false(frames->named);
	assert_int_equal(seep_symbols_resolve(s, 99, 0x1001, &frames, &count), 0);
	elf_expect(frames, "0x1000");
	/* Addresses that are in the module but in no code. */
	assert_int_equal(seep_symbols_resolve(s, 7, 0, &frames, &count), 0);
	assert_int_equal(seep_symbols_resolve(s, 7, UINT64_MAX, &frames, &count), 0);
	assert_int_equal(seep_symbols_resolve(s, 7, modules[0].bias + 2, &frames, &count), 0);
	elf_expect(frames, "plain+0x1");
	seep_symbols_close(s);
}

static int find_vdso(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct seep_module *module = data;

	(void)bytes;
	if (!getauxval(AT_SYSINFO_EHDR))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
			info->dlpi_addr + info->dlpi_phdr[i].p_vaddr == getauxval(AT_SYSINFO_EHDR)) {
			module->bias = info->dlpi_addr;
			module->start = getauxval(AT_SYSINFO_EHDR);
			module->end = module->start + info->dlpi_phdr[i].p_memsz;
			return 1;
		}
	return 0;
}

static void test_vdso(void **state)
{
	struct seep_module module = {.number = 1, .path = "linux-vdso.so.1"};
	void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
	void *function = vdso ? dlsym(vdso, "__vdso_getcpu") : NULL;
	struct seep_elf_file *file;
	struct seep_symbols *s;
	struct seep_error e;
	size_t count;

	(void)state;
	if (!function || !dl_iterate_phdr(find_vdso, &module))
		skip();
	assert_int_equal(seep_elf_file_open_vdso(&file, &e), 0);
	module.build_id_bytes = file->build_id_bytes;
	memcpy(module.build_id, file->build_id, sizeof(module.build_id));
	seep_elf_file_close(file);
	s = elf_symbols(&module, NULL, NULL);
	elf_expect(elf_resolve(s, (uintptr_t)function + 3, &count), "getcpu");
	assert_string_equal(elf_resolve(s, (uintptr_t)function + 3, &count)->module, "linux-vdso.so.1");
	seep_symbols_close(s);

	module.build_id[3] ^= 1; /* another kernel's */
	s = elf_symbols(&module, NULL, NULL);
	assert_false(elf_resolve(s, (uintptr_t)function + 3, &count)->named);
	seep_symbols_close(s);
}

/* Symbol names are text from outside, too. */
static void test_harmless_names(void **state)
{
	static const char source[] = ELF_NOTE
		"\nvoid red(void) __asm__(\"\\\"\\033[31mred\\\"\");\n"
		"__attribute__((noinline)) void red(void) { note(); }\nint main(void) { red(); return 0; }\n";
	struct seep_module module;
	struct seep_symbols *s;
	uint64_t address;
	size_t count;

	(void)state;
	elf_compile("red", "red.c", source, "-O0");
	module = elf_module("red");
	s = elf_symbols(&module, NULL, NULL);
	assert_int_equal(elf_addresses("red", &address, 1), 1);
	assert_non_null(strstr(elf_resolve(s, address, &count)->function, "?[31mred"));
	seep_symbols_close(s);
}

/* Whatever bytes are damaged: some answer, no crash, no hang. */
static void test_damaged(void **state)
{
	uint64_t addresses[4], random = 88172645463325252u;
	struct seep_module module;
	size_t bytes, addresses_count;
	uint8_t *whole, *damaged;

	(void)state;
	elf_compile("whole", "in.cc",
		"extern \"C\" { " ELF_NOTE
		" }\n#include <string>\nint main() { std::string s(\"x\"); note(); s += s; note(); }\n",
		"-g -O2");
	addresses_count = elf_addresses("whole", addresses, 4);
	assert_int_equal(addresses_count, 2);
	whole = elf_read("whole", &bytes);
	damaged = malloc(bytes);
	assert_non_null(damaged);
	elf_write("damaged", whole, bytes);
	module = elf_module("damaged");
	for (int round = 0; round < 300; round++) {
		struct seep_symbols *s;
		size_t length = bytes, count;

		memcpy(damaged, whole, bytes);
		for (int i = 0; i < 1 << round % 8; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			damaged[random % bytes] = (uint8_t)(random >> 56);
		}
		if (round % 10 == 9)
			length = random % bytes;
		elf_write("damaged", damaged, length);
		s = elf_symbols(&module, NULL, NULL);
		for (size_t i = 0; i < addresses_count; i++)
			assert_non_null(elf_resolve(s, addresses[i], &count)->function);
		for (uint64_t address = 0; address < bytes; address += bytes / 50)
			elf_resolve(s, address, &count);
		seep_symbols_close(s);
	}
	free(damaged);
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_units_without_aranges),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_inlined),
		cmocka_unit_test(test_nested_function),
		cmocka_unit_test(test_cplusplus),
		cmocka_unit_test(test_renamed_in_c),
		cmocka_unit_test(test_rust_names),
		cmocka_unit_test(test_symbol_table_only),
		cmocka_unit_test(test_exported_only),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_bias),
		cmocka_unit_test(test_vdso),
		cmocka_unit_test(test_harmless_names),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, elf_set_up, elf_tear_down);
}

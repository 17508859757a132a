/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrappers: which functions the built-in list knows and which it must not, what a file adds and how it may be wrong, and which
 * frame names a site.
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
#include "symbols.h"
#include "wrappers.h"

static struct seep_frame frame(const char *function, const char *module)
{
	return (struct seep_frame){.function = function, .module = module, .named = strstr(function, "+0x") == NULL};
}

static struct seep_wrappers *open_list(const char *file)
{
	struct seep_wrappers *w = NULL;
	struct seep_error e = {""};

	if (seep_wrappers_open(&w, file, &e))
		fail_msg("%s", e.text);
	return w;
}

static void test_known(void **state)
{
	static const struct {
		const char *function, *module;
		bool wrapper;
	} cases[] = {
		{"malloc", "app", true},
		{"malloc", "libc.so.6", true},
		{"mallocator", "app", false},
		{"my_malloc_user", "app", false},
		{"operator new(unsigned long)", "app", true},
		{"operator new[](unsigned long)", "app", true},
		{"operator new[](unsigned long, std::align_val_t)", "app", true},
		{"operator new", "app", true},
		{"Pool::operator new(unsigned long)", "app", true},
		{"operator newline(int)", "app", false},
		{"std::vector<int, std::allocator<int> >::_M_realloc_insert<int>(int*, int&&)", "app", true},
		{"std::__cxx11::basic_string<char>::_M_create(unsigned long&, unsigned long)", "app", true},
		{"__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)", "app", true},
		{"stdx::vector::grow()", "app", false},
		{"session::std::drop()", "app", false},
		{"alloc::raw_vec::RawVec<T,A>::grow_one", "app", true},
		{"<alloc::vec::Vec<T> as core::iter::FromIterator<T>>::from_iter", "app", true},
		{"<T as alloc::slice::hack::ConvertVec>::to_vec", "app", true},
		{"<app::Session as core::clone::Clone>::clone", "app", false},
		{"core::Session::create(int)", "app", false},
		{"alloc::Pool::create(int)", "app", false},
		{"__rust_alloc_zeroed", "app", true},
		{"hashbrown::raw::RawTable<T,A>::reserve_rehash", "app", true},
		{"xmalloc", "git", true},
		{"xml_parse", "app", false},
		{"zmalloc_usable", "redis-server", true},
		{"createObject", "redis-server", false},
		{"sdscat", "redis-server", false},
		{"ngx_pcalloc", "nginx", true},
		{"ngx_http_create_request", "nginx", false},
		{"sqlite3DbMallocRawNN", "libsqlite3.so.0.8.6", true},
		{"sqlite3VdbeExec", "libsqlite3.so.0.8.6", false},
		{"PyMem_RawMalloc", "python3.11", true},
		{"PyList_New", "python3.11", false},
		{"Perl_safesysmalloc", "perl", true},
		{"Perl_newSV", "perl", false},
		{"CRYPTO_malloc", "libcrypto.so.3", true},
		{"CRYPTO_new_ex_data", "libcrypto.so.3", false},
		/* The C and C++ libraries' own functions count whatever their names, and without any. */
		{"opendir", "libc.so.6", true},
		{"opendir", "app", false},
		{"libc.so.6+0x12345", "libc.so.6", true},
		{"libstdc++.so.6+0xa5", "libstdc++.so.6.0.30", true},
		{"call_init", "ld-linux-x86-64.so.2", true},
		{"libcurl.so.4+0x12345", "libcurl.so.4", false},
		{"app+0x1234", "app", false},
		{"0x7f0000001234", "", false},
		{"main", "app", false},
	};
	struct seep_wrappers *w = open_list(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_frame f = frame(cases[i].function, cases[i].module);

		if (seep_wrappers_match(w, &f) != cases[i].wrapper)
			fail_msg("%s in %s is %s wrapper", f.function, f.module, cases[i].wrapper ? "a" : "no");
	}
	seep_wrappers_close(w);
}

static void test_known_sources(void **state)
{
	static const struct {
		const char *file;
		bool wrapper;
	} cases[] = {
		{"/rustc/59807616e1fa/library/alloc/src/slice.rs", true},
		{"/root/.rustup/toolchains/stable/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs", true},
		{"/usr/include/c++/12/bits/stl_vector.h", true},
		{"/home/joe/library/alloc.rs", false},
		{"/home/joe/include/c.c", false},
		{NULL, false},
	};
	struct seep_wrappers *w = open_list(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_frame f = frame("<u8 as <[_]>::to_vec_in::ConvertVec>::to_vec", "app");

		f.file = cases[i].file;
		assert_int_equal(seep_wrappers_match(w, &f), cases[i].wrapper);
	}
	seep_wrappers_close(w);
}

static const char *file_write(const char *text, size_t bytes)
{
	static char path[] = "/tmp/seep-wrappers-XXXXXX";
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), bytes);
	close(fd);
	return path;
}

static void test_file(void **state)
{
	static const char text[] =
		"# ours\n"
		"\n"
		"  my_alloc  # with a comment\r\n"
		"grow_[a-c]*\n"
		"pool_* @libpool.so*\n"
		"*@libplug.so\n"
		"main::{lambda(int)#1}::operator()\n"
		"last";
	static const struct {
		const char *function, *module;
		bool wrapper;
	} cases[] = {
		{"my_alloc", "app", true},
		{"my_alloc(int)", "app", true},
		{"my_alloc2", "app", false},
		{"# ours", "app", false},
		{"grow_buffer", "app", true},
		{"grow_down", "app", false},
		{"pool_get", "libpool.so.3", true},
		{"pool_get", "app", false},
		{"anything", "libplug.so", true},
		{"libplug.so+0x12", "libplug.so", true},
		{"main::{lambda(int)#1}::operator()(int) const", "app", true},
		{"main::{lambda(int)#2}::operator()(int) const", "app", false},
		{"last", "app", true},
		{"malloc", "app", true},
	};
	const char *path = file_write(text, sizeof(text) - 1);
	struct seep_wrappers *w = open_list(path);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_frame f = frame(cases[i].function, cases[i].module);

		if (seep_wrappers_match(w, &f) != cases[i].wrapper)
			fail_msg("%s in %s is %s wrapper", f.function, f.module, cases[i].wrapper ? "a" : "no");
	}
	seep_wrappers_close(w);
	unlink(path);
}

static void test_wrong_file(void **state)
{
	static const struct {
		const char *text, *line, *expected;
	} cases[] = {
		{"good\n@libx.so\n", ":2: ", "a function in front of '@'"},
		{"good\n\npool_* @\n", ":3: ", "a module or source file after '@'"},
		{"a @b @c\n", ":1: ", "one '@'"},
		{"*\n", ":1: ", "would make every frame a wrapper"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path = file_write(cases[i].text, strlen(cases[i].text));
		struct seep_wrappers *w = NULL;
		struct seep_error e;

		assert_int_equal(seep_wrappers_open(&w, path, &e), -1);
		assert_null(w);
		assert_ptr_equal(strstr(e.text, path), e.text);
		assert_ptr_equal(strstr(e.text, cases[i].line), e.text + strlen(path));
		assert_non_null(strstr(e.text, cases[i].expected));
		unlink(path);
	}
}

static void test_unreadable_file(void **state)
{
	const char *path = file_write("a\0b\n", 4);
	struct seep_wrappers *w = NULL;
	struct seep_error e;

	(void)state;
	assert_int_equal(seep_wrappers_open(&w, path, &e), -1);
	assert_non_null(strstr(e.text, ":1: expected text"));
	unlink(path);
	assert_int_equal(seep_wrappers_open(&w, path, &e), -1);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, "No such file"));
	assert_int_equal(seep_wrappers_open(&w, "/", &e), -1);
}

static void test_skip(void **state)
{
	static const struct {
		const char *frames[6][2];
		size_t names_site;
	} cases[] = {
		{{{"malloc", "app"}, {"xstrdup", "app"}, {"login", "app"}, {"main", "app"}}, 2},
		{{{"login", "app"}, {"main", "app"}}, 0},
		{{{"malloc", "libc.so.6"}, {"opendir", "libc.so.6"}, {"scan", "app"}, {"malloc", "app"}}, 2},
		/* An unnamed function of the program is nearer to the leak than a named one further out. */
		{{{"malloc", "app"}, {"app+0x12", "app"}, {"main", "app"}}, 1},
		/* But what an allocation function of the same module calls, is its inner part, */
		{{{"malloc", "libc.so.6"}, {"app+0x12", "app"}, {"app+0x34", "app"}, {"PyObject_Malloc", "app"},
			 {"use", "app"}},
			4},
		{{{"malloc", "libc.so.6"}, {"app+0x12", "app"}, {"use", "app"}, {"PyObject_Malloc", "app"}}, 1},
		{{{"malloc", "libc.so.6"}, {"plugin+0x12", "plugin"}, {"PyObject_Malloc", "app"}, {"use", "app"}}, 1},
		/* and what a template of the library calls, is not. */
		{{{"malloc", "libc.so.6"}, {"app+0x12", "app"}, {"std::function<void ()>::operator()() const", "app"}},
			1},
		/* Only wrappers: what a library keeps for itself is named after its function... */
		{{{"malloc", "libc.so.6"}, {"setlocale", "libc.so.6"}, {"__libc_start_main", "libc.so.6"}}, 1},
		{{{"malloc", "libc.so.6"}, {"libstdc++.so.6+0x1", "libstdc++.so.6"},
			 {"call_init", "ld-linux-x86-64.so.2"}},
			1},
		{{{"malloc", "app"}, {"libc.so.6+0x1", "libc.so.6"}, {"opendir", "libc.so.6"}}, 2},
		/* ...and a stack that goes nowhere after its outermost name. */
		{{{"malloc", "app"}, {"xstrdup", "app"}}, 1},
		{{{"operator new(unsigned long)", "app"}}, 0},
	};
	struct seep_wrappers *w = open_list(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seep_frame frames[6];
		size_t count = 0;

		for (; count < 6 && cases[i].frames[count][0]; count++)
			frames[count] = frame(cases[i].frames[count][0], cases[i].frames[count][1]);
		if (seep_wrappers_skip(w, frames, count) != cases[i].names_site)
			fail_msg("stack %zu is named by frame %zu", i, seep_wrappers_skip(w, frames, count));
	}
	assert_int_equal(seep_wrappers_skip(w, NULL, 0), 0);
	seep_wrappers_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_known_sources),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_wrong_file),
		cmocka_unit_test(test_unreadable_file),
		cmocka_unit_test(test_skip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

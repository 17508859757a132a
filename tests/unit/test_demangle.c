/* SPDX-License-Identifier: Apache-2.0
 *
 * Demangling: names as compilers make them, names that no compiler makes, and where the parameter list begins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "demangle.h"

/* symbol, readable name */
static const char *const names[][2] = {
	{"main", "main"},
	{"", ""},
	{"_", "_"},
	{"_Z", "_Z"},
	{"_start", "_start"},
	{".cold", ".cold"},
	{"_ZN7session4dropEi", "session::drop(int)"},
	{"_ZN7session4dropEi.cold", "session::drop(int)"},
	{"_ZNK7session3getEv", "session::get() const"},
	{"_Znwm", "operator new(unsigned long)"},
	{"_Znam", "operator new[](unsigned long)"},
	{"_ZN3FooC1Ev", "Foo::Foo()"},
	{"_ZN3FooC4Ev", "Foo::Foo()"},
	{"_ZN12_GLOBAL__N_13fooEv", "(anonymous namespace)::foo()"},
	/* A template's symbol holds its return type; the name does not. */
	{"_Z4makeIiEPT_v", "make<int>()"},
	{"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const"},
	{"_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJRKiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_EEDpOT_",
		"std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>"
		"(__gnu_cxx::__normal_iterator<int*, std::vector<int, std::allocator<int> > >, int const&)"},
	/* Rust: legacy with its hash, and v0 with and without a crate's disambiguator. */
	{"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
	{"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.1234567890", "core::fmt::Formatter::pad"},
	{"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
		"<Test + 'static as foo::Bar<Test>>::bar"},
	{"_ZN5alloc7raw_vec19RawVec$LT$T$C$A$GT$8grow_one17h0123456789abcdefE",
		"alloc::raw_vec::RawVec<T,A>::grow_one"},
	{"_RNvC6_123foo3bar", "123foo::bar"},
	{"_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"},
	{"_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>"},
	/* 17h, but no hash: C++. */
	{"_ZN17hello_wide_world_3fooE", "hello_wide_world_::foo"},
	/* The compiler's marks go, in any number; what is only like them stays. */
	{"table_grow.cold", "table_grow"},
	{"table_grow.part.0", "table_grow"},
	{"table_grow.isra.0", "table_grow"},
	{"table_grow.constprop.0.isra.0", "table_grow"},
	{"table_grow.lto_priv.12", "table_grow"},
	{"table_grow.part.3.cold", "table_grow"},
	{"table_grow.llvm.9876543210", "table_grow"},
	{"table.grow", "table.grow"},
	{"table.cold.grow", "table.cold.grow"},
	{"table.coldish", "table.coldish"},
	{"memcpy@@GLIBC_2.14", "memcpy"},
	{"memcpy@GLIBC_2.2.5", "memcpy"},
	/* Broken ones stay as they are. */
	{"_ZN7session4drop", "_ZN7session4drop"},
	{"_ZN99session4dropEv", "_ZN99session4dropEv"},
	{"_R", "_R"},
	{"_RNv", "_RNv"},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *readable = seep_demangle(names[i][0]);

		assert_non_null(readable);
		assert_string_equal(readable, names[i][1]);
		free(readable);
	}
}

/* Longer than libiberty takes with its own limit of 1024 bytes, as names of C++ libraries easily are. */
static void test_long_name(void **state)
{
	char symbol[SEEP_DEMANGLE_MANGLED_MAX], *to = symbol, *readable;

	(void)state;
	to = stpcpy(to, "_ZN1nI");
	for (int i = 0; i < 300; i++)
		to += sprintf(to, "10type_%05d", i);
	strcpy(to, "E5countEv");
	assert_true(strlen(symbol) > 3000);
	readable = seep_demangle(symbol);
	assert_memory_equal(readable, "n<type_00000, type_00001, ", 26);
	assert_string_equal(readable + strlen(readable) - 20, "type_00299>::count()");
	free(readable);
}

/* Each parameter names the one before it twice, so that the text doubles 60 times. */
static void test_exploding_name(void **state)
{
	char symbol[2048], *to = symbol, *readable;
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	to = stpcpy(to, "_Z1f1pIiiE");
	for (int i = 0; i < 35; i++)
		to += sprintf(to, "S_IS%c_S%c_E", digits[i], digits[i]);
	readable = seep_demangle(symbol);
	assert_string_equal(readable, symbol);
	free(readable);
}

/* Every depth and kind of nesting up to the longest name that is tried, on the stack that a thread gets by default. */
static void test_deep_name(void **state)
{
	static const char *const nestings[][4] = {
		/* before, repeated, middle, repeated */
		{"_Z1f", "P", "i", ""},
		{"_Z1f", "PF", "i", "iE"},
		{"_Z1f", "1aI", "i", "E"},
		{"_Z1f", "KVP", "i", ""},
		{"_Z1f", "A3_", "i", ""},
		{"_Z", "Z1f", "1g", "vE"},
		{"_RINvC1a1b", "R", "uE", ""},
		{"_RINvC1a1b", "T", "u", "E"},
		{"_RINvC1a1b", "INvC1a1b", "u", "E"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(nestings) / sizeof(nestings[0]); i++) {
		const char *const *n = nestings[i];
		char symbol[SEEP_DEMANGLE_MANGLED_MAX + 1], *to = stpcpy(symbol, n[0]), *readable;
		size_t times = (sizeof(symbol) - 1 - strlen(n[0]) - strlen(n[2])) / (strlen(n[1]) + strlen(n[3]));

		for (size_t k = 0; k < times; k++)
			to = stpcpy(to, n[1]);
		to = stpcpy(to, n[2]);
		for (size_t k = 0; k < times; k++)
			to = stpcpy(to, n[3]);
		readable = seep_demangle(symbol);
		assert_non_null(readable);
		assert_true(strlen(readable) <= SEEP_DEMANGLE_READABLE_MAX);
		free(readable);
	}
}

static void test_too_long_name(void **state)
{
	char symbol[SEEP_DEMANGLE_MANGLED_MAX + 64], *readable;

	(void)state;
	memset(symbol, 'P', sizeof(symbol));
	memcpy(symbol, "_Z1f", 4);
	strcpy(symbol + sizeof(symbol) - 2, "i");
	readable = seep_demangle(symbol);
	assert_string_equal(readable, symbol);
	free(readable);
}

static void test_base(void **state)
{
	static const char *const bases[][2] = {
		{"main", "main"},
		{"", ""},
		{"session::drop(int)", "session::drop"},
		{"session::get() const", "session::get"},
		{"session::get() const &", "session::get"},
		{"a::b<void (*)(int)>(char) const", "a::b<void (*)(int)>"},
		{"f(void (*)(int), int)", "f"},
		{"a::operator()(int)", "a::operator()"},
		{"a::operator()", "a::operator()"},
		{"operator new(unsigned long)", "operator new"},
		{"operator new[](unsigned long)", "operator new[]"},
		{"(anonymous namespace)::foo(int)", "(anonymous namespace)::foo"},
		{"(anonymous namespace)", "(anonymous namespace)"},
		{"a::(anonymous namespace)", "a::(anonymous namespace)"},
		{"main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()"},
		{"main::{lambda(int)#1}", "main::{lambda(int)#1}"},
		{"alloc::vec::Vec<T>::push", "alloc::vec::Vec<T>::push"},
		{")", ")"},
		{"f)", "f)"},
		{" const", " const"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (seep_demangle_base(bases[i][0]) != strlen(bases[i][1]))
			fail_msg("the base of \"%s\" should be \"%s\", and has %zu bytes", bases[i][0], bases[i][1],
				seep_demangle_base(bases[i][0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_exploding_name),
		cmocka_unit_test(test_deep_name),
		cmocka_unit_test(test_too_long_name),
		cmocka_unit_test(test_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

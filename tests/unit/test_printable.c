/* SPDX-License-Identifier: Apache-2.0
 *
 * Foreign text comes out harmless, whatever bytes it holds; and numbers as people read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "printable.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>

static struct seep_arena arena;

static int forget(void **state)
{
	(void)state;
	seep_arena_clear(&arena);
	return 0;
}

static void what_a_terminal_would_obey_is_replaced(void **state)
{
	(void)state;
	assert_string_equal(seep_printable(&arena, "plain text 1+1"), "plain text 1+1");
	assert_string_equal(seep_printable(&arena, ""), "");
	assert_string_equal(seep_printable(&arena, "\033[31mred\033[0m\n\t\r\a\177"), "?[31mred?[0m?????");
	assert_string_equal(seep_printable(&arena,
				    "a\xc2\x9b"
				    "31m"),
		"a?31m"); /* CSI as one character */
	assert_string_equal(seep_printable(&arena,
				    "a\x9b"
				    "31m"),
		"a?31m"); /* CSI as one byte */
	assert_string_equal(seep_printable(&arena,
				    "a\xe2\x80\xae"
				    "b\xe2\x81\xa6"
				    "c"),
		"a?b?c"); /* right to left */
	assert_string_equal(seep_printable(&arena,
				    "stra\xc3\x9f"
				    "e \xe6\x97\xa5 \xf0\x9f\x92\xa7"),
		"stra\xc3\x9f"
		"e \xe6\x97\xa5 \xf0\x9f\x92\xa7");
}

static void only_shortest_and_whole_characters_are_utf8(void **state)
{
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xe2\x82", "\xf0\x9f\x92"};
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(seep_utf8_next(bad[i], &code), 1);
		assert_int_equal(code, SEEP_NOT_UTF8);
	}
	assert_int_equal(seep_utf8_next("\xf4\x8f\xbf\xbf", &code), 4);
	assert_int_equal(code, 0x10ffff);
	assert_string_equal(seep_valid_utf8(&arena, "a\xff\xe2\x82z"), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
	assert_string_equal(seep_valid_utf8(&arena, "\033 \xc3\x9f"), "\033 \xc3\x9f");
}

/* Every text of up to three bytes, out of those that mean something: what comes out has only harmless characters. */
static void nothing_harmful_is_left(void **state)
{
	static const uint8_t bytes[] = {1, 0x1b, 'a', 0x7f, 0x80, 0x85, 0x9b, 0xae, 0xc2, 0xc3, 0xe2, 0xed, 0xf0, 0xff};
	char text[4] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) * sizeof(bytes) * sizeof(bytes); i++) {
		const char *out;
		uint32_t code;

		text[0] = (char)bytes[i % sizeof(bytes)];
		text[1] = (char)bytes[i / sizeof(bytes) % sizeof(bytes)];
		text[2] = (char)bytes[i / sizeof(bytes) / sizeof(bytes)];
		for (out = seep_printable(&arena, text); *out; out += seep_utf8_next(out, &code)) {
			seep_utf8_next(out, &code);
			assert_int_not_equal(code, SEEP_NOT_UTF8);
			assert_false(
				code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e));
		}
	}
}

static void long_texts_are_cut_by_characters(void **state)
{
	(void)state;
	assert_int_equal(seep_columns("stra\xc3\x9f"
				      "e"),
		6);
	assert_string_equal(seep_cut_end(&arena, "abcdef", 6), "abcdef");
	assert_string_equal(seep_cut_end(&arena, "abcdefg", 6), "abc...");
	assert_string_equal(seep_cut_end(&arena, "\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f", 4), "\xc3\x9f...");
	assert_string_equal(seep_cut_start(&arena, "/a/b.c:1", 8), "/a/b.c:1");
	assert_string_equal(seep_cut_start(&arena, "/home/ci/src/session/table.c:12", 20), ".../table.c:12");
	assert_string_equal(seep_cut_start(&arena, "averyverylongname.c:12", 10), "...me.c:12");
}

static void numbers_have_three_digits(void **state)
{
	struct seep_unit u;

	(void)state;
	assert_string_equal(seep_unit_bytes(&u, 0), "0 B");
	assert_string_equal(seep_unit_bytes(&u, 9999), "9999 B");
	assert_string_equal(seep_unit_bytes(&u, 44400), "43.4 KiB");
	assert_string_equal(seep_unit_bytes(&u, 1048575), "1.0 MiB");
	assert_string_equal(seep_unit_bytes(&u, UINT64_MAX), "16.0 EiB");
	assert_string_equal(seep_unit_count(&u, 0), "0");
	assert_string_equal(seep_unit_count(&u, 999), "999");
	assert_string_equal(seep_unit_count(&u, 1000), "1,000");
	assert_string_equal(seep_unit_count(&u, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(seep_unit_duration(&u, 350999999), "350 ms");
	assert_string_equal(seep_unit_duration(&u, 12490000000), "12.4 s");
	assert_string_equal(seep_unit_duration(&u, 200 * UINT64_C(1000000000)), "3 min 20 s");
	assert_string_equal(seep_unit_duration(&u, 7500 * UINT64_C(1000000000)), "2 h 5 min");
	assert_string_equal(seep_unit_duration(&u, 273600 * UINT64_C(1000000000)), "3 d 4 h");
	assert_string_equal(seep_unit_share(&u, 0, 0), "-");
	assert_string_equal(seep_unit_share(&u, 1, 1000000), "<0.1 %");
	assert_string_equal(seep_unit_share(&u, 97, 100), "97 %");
	assert_string_equal(seep_unit_share(&u, 999999, 1000000), "99.9 %"); /* all but some is not all */
	assert_string_equal(seep_unit_share(&u, 5, 5), "100 %");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_a_terminal_would_obey_is_replaced, forget),
		cmocka_unit_test_teardown(only_shortest_and_whole_characters_are_utf8, forget),
		cmocka_unit_test_teardown(nothing_harmful_is_left, forget),
		cmocka_unit_test_teardown(long_texts_are_cut_by_characters, forget),
		cmocka_unit_test(numbers_have_three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

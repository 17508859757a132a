/* SPDX-License-Identifier: Apache-2.0
 *
 * The store of names: same text, same pointer; nothing harmful in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"

static void test_keep(void **state)
{
	enum { MANY = 20000 };
	static const char *kept[MANY];
	struct seep_names *n = seep_names_create();
	char text[64];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "name %d", i);
		kept[i] = seep_names_keep(n, text);
		assert_string_equal(kept[i], text);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "name %d", i);
		assert_string_equal(kept[i], text);
		assert_ptr_equal(seep_names_keep(n, text), kept[i]);
	}
	assert_string_equal(seep_names_keep(n, ""), "");
	seep_names_destroy(n);
}

static void test_harmless(void **state)
{
	struct seep_names *n = seep_names_create();

	(void)state;
	assert_string_equal(seep_names_keep(n, "\x1b[31mred\n"), "?[31mred?");
	assert_string_equal(seep_names_keep(n, "\xff"), "?");
	assert_string_equal(seep_names_keep(n, "\xc3\xa4"), "\xc3\xa4");
	assert_ptr_equal(seep_names_keep(n, "a\tb"), seep_names_keep(n, "a?b"));
	assert_ptr_equal(seep_names_keep(n, "a\tb"), seep_names_keep(n, "a\nb"));
	seep_names_destroy(n);
}

static void test_memory(void **state)
{
	struct seep_names *n = seep_names_create();
	char *all[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		size_t bytes = i % 7 ? i * 37 + 1 : 100000 + i;

		all[i] = seep_names_memory(n, bytes);
		assert_non_null(all[i]);
		assert_int_equal((uintptr_t)all[i] % 8, 0);
		for (size_t b = 0; b < bytes; b++)
			assert_int_equal(all[i][b], 0);
		memset(all[i], (int)i, bytes);
	}
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(all[i][0], (char)i);
	seep_names_destroy(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

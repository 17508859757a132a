/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrays, arena and map hold what was put into them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "map.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void arrays_grow_and_keep(void **state)
{
	uint32_t *array = NULL;
	size_t capacity = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		assert_int_equal(seep_array_reserve(&array, &capacity, i + 1, sizeof(*array)), 0);
		array[i] = i;
	}
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(array[i], i);
	assert_int_equal(seep_array_reserve(&array, &capacity, SIZE_MAX / 2, sizeof(*array)), -1);
	assert_int_equal(array[99999], 99999);
	free(array);
}

static void an_arena_keeps_apart_what_it_gives(void **state)
{
	enum { MANY = 3000 };
	static char *kept[MANY];
	struct seep_arena arena = {0};

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		size_t length = i * 37 % 5000;

		kept[i] = seep_arena_take(&arena, length);
		assert_int_equal((uintptr_t)kept[i] % 8, 0);
		memset(kept[i], (int)(i % 251), length);
	}
	for (size_t i = 0; i < MANY; i++)
		for (size_t k = 0; k < i * 37 % 5000; k++)
			assert_true((uint8_t)kept[i][k] == i % 251);
	assert_string_equal(seep_arena_text(&arena, "abcdef", 3), "abc");
	assert_non_null(seep_arena_take(&arena, 1000000));
	assert_null(seep_arena_take(&arena, SIZE_MAX - 3));
	seep_arena_clear(&arena);
	assert_null(arena.chunks);
}

static void a_map_tells_keys_apart_by_both_words(void **state)
{
	enum { MANY = 50000 };
	struct seep_map map = {0};
	bool added;

	(void)state;
	assert_int_equal(seep_map_find(&map, 1, 2, 77), 77);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(*seep_map_at(&map, i % 10, i / 10, i, &added), i);
		assert_true(added);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(*seep_map_at(&map, i % 10, i / 10, 1, &added), i);
		assert_false(added);
	}
	assert_int_equal(map.count, MANY);
	assert_int_equal(seep_map_find(&map, 10, 0, 77), 77);
	assert_int_equal(seep_map_find(&map, 9, MANY / 10 - 1, 77), MANY - 1);
	seep_map_clear(&map);
	assert_int_equal(seep_map_find(&map, 0, 0, 77), 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_grow_and_keep),
		cmocka_unit_test(an_arena_keeps_apart_what_it_gives),
		cmocka_unit_test(a_map_tells_keys_apart_by_both_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a sample stands for, and how far a sum of such figures may be off: collector/weights.c, books.c with sampling, and
 * analyzer/sampling.c. Expected figures are from the definition in trace.h, and from simulated choices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "books.h"
#include "sampling.h"
#include "weights.h"

#include <math.h>

#define RATE 4096u

static double weight_of(uint64_t bytes)
{
	return 1 / (1 - exp(-(double)(bytes ? bytes : 1) / RATE));
}

static void every_block_counts_once_without_sampling(void **state)
{
	struct seep_trace_count what = seep_weights_of(0, 0x1000, 7, 1234);

	(void)state;
	assert_int_equal(what.count, 1);
	assert_int_equal(what.bytes, 1234);
}

static void bytes_are_those_of_the_definition(void **state)
{
	static const uint64_t sizes[] = {1, 16, 100, 4095, 4096, 70000, UINT64_C(1) << 40};

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct seep_trace_count what = seep_weights_of(RATE, 0x1000, i, sizes[i]);
		double exact = (double)sizes[i] * weight_of(sizes[i]);

		assert_true(fabs((double)what.bytes - exact) <= 0.5 + exact * 1e-12);
		assert_true(what.count >= 1);
		assert_true(fabs((double)what.count - weight_of(sizes[i])) < 1);
	}
	assert_int_equal(seep_weights_of(RATE, 0x1000, 0, 0).bytes, 0);
	/* 1 / (1 - exp(-1 / 4096)) = 4096.50002 */
	assert_in_range(seep_weights_of(RATE, 0x1000, 0, 0).count, 4096, 4097);
	/* A rate of which one byte is the 2^-60th part */
	assert_in_range(
		seep_weights_of(UINT64_C(1) << 60, 0x1000, 0, 1).count, UINT64_C(1) << 60, (UINT64_C(1) << 60) + 256);
}

/* Of blocks that lie as an allocator puts them, by the mean of their counts. */
static void counts_are_rounded_without_bias(void **state)
{
	static const uint64_t sizes[] = {16, 1000, 3000, 6000, 20000};
	enum { BLOCKS = 100000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double weight = weight_of(sizes[i]), fraction = weight - floor(weight), sum = 0;

		for (uint64_t block = 0; block < BLOCKS; block++)
			sum += (double)seep_weights_of(RATE, 0x555500001010 + block * sizes[i], block / 100, sizes[i])
				       .count;
		assert_true(fabs(sum / BLOCKS - weight) < 5 * sqrt(fraction * (1 - fraction) / BLOCKS));
	}
}

static struct seep_event event_of(uint16_t kind, uint64_t address, uint64_t order, uint64_t bytes)
{
	return (struct seep_event){.kind = kind, .address = address, .order = order, .bytes = bytes};
}

static void what_a_block_added_is_taken_back_when_it_is_freed(void **state)
{
	static struct seep_books books;
	struct seep_trace_count sum = {0}, freed = {0};

	(void)state;
	assert_int_equal(seep_books_open(&books), 0);
	books.sample_bytes = RATE;
	for (uint64_t i = 1; i <= 1000; i++) {
		struct seep_event e = event_of(SEEP_EVENT_ALLOC, i << 20, 0, i % 50 * 100);
		struct seep_trace_count what = seep_weights_of(RATE, e.address, 0, e.bytes);

		seep_books_apply(&books, &e, 1);
		sum.count += what.count;
		sum.bytes += what.bytes;
		if (i % 2) {
			freed.count += what.count;
			freed.bytes += what.bytes;
		}
	}
	assert_memory_equal(&books.totals.live, &sum, sizeof(sum));
	assert_int_equal(books.totals.peak_bytes, sum.bytes);
	for (uint64_t i = 1; i <= 1000; i += 2) {
		struct seep_event e =
			event_of(SEEP_EVENT_FREE, i << 20, books.order.shards[seep_wire_shard(i << 20)].next, 0);

		seep_books_apply(&books, &e, 1);
	}
	assert_memory_equal(&books.totals.allocated, &sum, sizeof(sum));
	assert_memory_equal(&books.totals.freed, &freed, sizeof(freed));
	assert_int_equal(books.totals.live.count, sum.count - freed.count);
	assert_int_equal(books.totals.live.bytes, sum.bytes - freed.bytes);
	assert_int_equal(seep_sites_at(&books.sites, 0)->live.bytes, sum.bytes - freed.bytes);
	assert_int_equal(seep_sites_at(&books.sites, 0)->peak_bytes, sum.bytes);
	/* A forked child inherits them with the same weights. */
	sum.count -= freed.count;
	sum.bytes -= freed.bytes;
	assert_int_equal(seep_books_inherit(&books), 0);
	assert_memory_equal(&books.totals.inherited, &sum, sizeof(sum));
	for (uint64_t i = 2; i <= 1000; i += 2) {
		struct seep_event e =
			event_of(SEEP_EVENT_FREE, i << 20, books.order.shards[seep_wire_shard(i << 20)].next, 0);

		seep_books_apply(&books, &e, 1);
	}
	assert_int_equal(books.totals.inherited_frees, sum.count);
	seep_books_close(&books);
}

/* splitmix64 */
static double uniform(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* What the analyzer makes of the samples, on average, is how much the estimates really vary. */
static void the_variance_told_is_the_variance_seen(void **state)
{
	static const uint64_t sizes[] = {100, 4096, 20000};
	enum { RUNS = 4000, BLOCKS = 100 };
	uint64_t random = 1;

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double seen_count = 0, seen_bytes = 0, truth = (double)(BLOCKS * sizes[i]);
		struct seep_variance told = {0, 0}, one = seep_sampling_variance(RATE, sizes[i]);

		for (uint64_t run = 0; run < RUNS; run++) {
			struct seep_trace_count sum = {0};

			for (uint64_t block = 0; block < BLOCKS; block++) {
				struct seep_trace_count what = seep_weights_of(RATE, block << 12, run, sizes[i]);

				if (uniform(&random) >= 1 / weight_of(sizes[i]))
					continue;
				sum.count += what.count;
				sum.bytes += what.bytes;
				seep_sampling_add(&told, &one, 1);
			}
			seen_count += pow((double)sum.count - BLOCKS, 2);
			seen_bytes += pow((double)sum.bytes - truth, 2);
		}
		/* The relative error of a variance from so many runs is about sqrt(2 / RUNS), 2 %. */
		assert_true(fabs(told.count / seen_count - 1) < 0.12);
		assert_true(fabs(told.bytes / seen_bytes - 1) < 0.12);
	}
	assert_true(seep_sampling_variance(0, 100).count == 0 && seep_sampling_variance(0, 100).bytes == 0);
	assert_true(seep_sampling_variance(RATE, 0).bytes == 0 && seep_sampling_variance(RATE, 0).count > 1e7);
	assert_int_equal(seep_sampling_error(16.2), 4);
	assert_int_equal(seep_sampling_error(1e40), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_counts_once_without_sampling),
		cmocka_unit_test(bytes_are_those_of_the_definition),
		cmocka_unit_test(counts_are_rounded_without_bias),
		cmocka_unit_test(what_a_block_added_is_taken_back_when_it_is_freed),
		cmocka_unit_test(the_variance_told_is_the_variance_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

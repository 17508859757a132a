/* SPDX-License-Identifier: Apache-2.0
 *
 * Packing and unpacking of payloads: collector/pack.c, analyzer/unpack.c. What was packed comes back as it was, and what was never
 * packed is refused or comes back as something of the right size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pack.h"
#include "unpack.h"

#include "seep/trace.h"

#include <stdlib.h>
#include <string.h>

#define PAYLOAD_MAX ((size_t)1 << 20)

static const uint32_t kinds[] = {SEEP_FRAME_STACKS, SEEP_FRAME_EPOCH, SEEP_FRAME_LIVE, SEEP_FRAME_NOTE};
static const uint32_t record_bytes[] = {
	sizeof(struct seep_trace_node), sizeof(struct seep_trace_site), SEEP_LIVE_ENTRY_BYTES, 24};
static const size_t heads[] = {
	sizeof(struct seep_trace_stacks), sizeof(struct seep_trace_epoch), sizeof(struct seep_trace_live), 0};
static uint64_t state_of_random;

static uint64_t random_next(void)
{
	state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
	return state_of_random >> 16;
}

/* Bytes that repeat now and then, as those of payloads do; `places` is 0 in stacks that were not packed. */
static void fill(uint8_t *payload, size_t bytes, uint32_t kind)
{
	for (size_t i = 0; i < bytes; i++)
		payload[i] = random_next() % 3 ? (uint8_t)random_next() : i >= 16 ? payload[i - 16] : 0;
	if (kind == SEEP_FRAME_STACKS)
		memset(payload + 4, 0, bytes < 8 ? (bytes > 4 ? bytes - 4 : 0) : 4);
	for (size_t i = 8; kind == SEEP_FRAME_STACKS && i + 32 <= bytes; i += 16)
		if (random_next() % 2)
			memcpy(payload + i + 20, payload + i + 4,
				12); /* the same module and address as the node before */
}

/* Any number of records, claimed to be fewer, as many, or more, with bytes behind them. */
static void packed_is_unpacked(void **state)
{
	struct seep_packer packer = {0};
	uint8_t *payload = malloc(PAYLOAD_MAX), *back = malloc(PAYLOAD_MAX);

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		unsigned which = round % 4;
		size_t records = random_next() % (round % 100 ? 200 : 5000);
		size_t bytes = random_next() % 90 + records * record_bytes[which], packed_bytes;
		uint32_t entries = (uint32_t)(random_next() % 3 ? records : random_next() % 400);
		size_t kept = bytes;
		const void *packed;

		fill(payload, bytes, kinds[which]);
		assert_int_equal(seep_pack(&packer, kinds[which], entries, payload, bytes, &packed, &packed_bytes), 0);
		if (!seep_is_packed(SEEP_TRACE_VERSION, kinds[which])) {
			assert_ptr_equal(packed, payload);
			continue;
		}
		if (bytes >= heads[which] && entries > (bytes - heads[which]) / record_bytes[which])
			kept -= (bytes - heads[which]) % record_bytes[which]; /* of a record that is not whole */
		assert_int_equal(seep_unpacked_bytes(kinds[which], entries, packed, packed_bytes), kept);
		assert_int_equal(seep_unpack(kinds[which], entries, packed, packed_bytes, back), 1);
		assert_memory_equal(back, payload, kept);
	}
	seep_packer_close(&packer);
	free(payload);
	free(back);
}

/* Stacks whose nodes have few places take half of a node's sixteen bytes. */
static void places_are_written_once(void **state)
{
	enum { NODES = 1000, PLACES = 10 };
	struct {
		struct seep_trace_stacks head;
		struct seep_trace_node nodes[NODES];
	} payload = {.head = {.first = 1}};
	struct seep_packer packer = {0};
	const struct seep_trace_stacks *head;
	const void *packed;
	size_t packed_bytes;

	(void)state;
	for (uint32_t i = 0; i < NODES; i++)
		payload.nodes[i] = (struct seep_trace_node){i, 1 + i % 2, 0x400000 + i % PLACES};
	assert_int_equal(
		seep_pack(&packer, SEEP_FRAME_STACKS, NODES, &payload, sizeof(payload), &packed, &packed_bytes), 0);
	head = packed;
	assert_int_equal(head->first, 1);
	assert_int_equal(head->places, PLACES);
	assert_int_equal(packed_bytes, sizeof(*head) + NODES * 8 + PLACES * 12);
	seep_packer_close(&packer);
}

static void what_was_not_packed_does_no_harm(void **state)
{
	size_t refused = 0, taken = 0;

	(void)state;
	for (unsigned round = 0; round < 30000; round++) {
		unsigned which = round % 3;
		size_t bytes = random_next() % 8 ? random_next() % 3000 : random_next() % 3, unpacked;
		uint8_t *packed = malloc(bytes + 1), *back; /* their ends are watched by the sanitizers */
		uint32_t entries = (uint32_t)(random_next() % 2 ? random_next() % 300 : random_next());

		for (size_t i = 0; i < bytes; i++)
			packed[i] = random_next() % 4 ? 0 : (uint8_t)random_next();
		if (bytes >= 8 && random_next() % 2)
			packed[4] = (uint8_t)random_next(), packed[5] = packed[6] = packed[7] = 0;
		unpacked = seep_unpacked_bytes(kinds[which], entries, packed, bytes);
		assert_true(unpacked == SIZE_MAX || unpacked <= 2 * bytes);
		back = unpacked && unpacked != SIZE_MAX ? malloc(unpacked) : NULL; /* as the reader has it */
		if (unpacked != SIZE_MAX && seep_unpack(kinds[which], entries, packed, bytes, back))
			taken++;
		else
			refused++;
		free(packed);
		free(back);
	}
	assert_true(refused > 1000 && taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_is_unpacked),
		cmocka_unit_test(places_are_written_once),
		cmocka_unit_test(what_was_not_packed_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

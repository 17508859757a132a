/* SPDX-License-Identifier: Apache-2.0
 *
 * Unwind tables for tests, written byte by byte into a room with a page before and after it that can't be read. Includes the reader
 * itself: the tests look at its inner parts, too.
 */
#ifndef SEEP_TESTS_SUPPORT_CFI_H
#define SEEP_TESTS_SUPPORT_CFI_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

#include "../../preload/cfi.c"
#include "../../preload/cfi_find.c"
#include "../../preload/cfi_step.c"
#include "../../preload/segments.c"

#define PAGE 4096u
#define ROOM 0x4000u /* for tables; a page that can't be read before and after */
#define CODE (ROOM + 2 * PAGE) /* from the room's start to where the described code would be; nothing reads it */

static uint8_t *room;

static inline int map_room(void **state)
{
	uint8_t *memory = mmap(NULL, ROOM + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	(void)state;
	if (memory == MAP_FAILED)
		return -1;
	room = memory + PAGE;
	return mprotect(room, ROOM, PROT_READ | PROT_WRITE);
}

static inline uintptr_t code(void)
{
	return (uintptr_t)room + CODE;
}

/* ---- Writing tables. Addresses count as if the bytes were at `address`, whatever `bytes` is. ---- */

struct writer {
	uint8_t bytes[ROOM];
	size_t used;
	uintptr_t address;
};

static inline uintptr_t here(const struct writer *writer)
{
	return writer->address + writer->used;
}

static inline void put(struct writer *writer, uint64_t value, unsigned size)
{
	assert_true(writer->used + size <= sizeof writer->bytes);
	memcpy(&writer->bytes[writer->used], &value, size);
	writer->used += size;
}

static inline void put_uleb(struct writer *writer, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		put(writer, value | 0x80, 1);
	put(writer, value, 1);
}

static inline void put_sleb(struct writer *writer, int64_t value)
{
	for (; value < -0x40 || value >= 0x40; value >>= 7)
		put(writer, (uint64_t)value | 0x80, 1);
	put(writer, (uint64_t)value & 0x7f, 1);
}

static inline void put_pointer(struct writer *writer, uint8_t encoding, uintptr_t value)
{
	static const uint8_t sizes[16] = {8, 0, 2, 4, 8, 0, 0, 0, 8, 0, 2, 4, 8};

	if (encoding == PE_ALIGNED) {
		while (here(writer) % 8)
			put(writer, 0, 1);
		put(writer, value, 8);
		return;
	}
	if ((encoding & SEEP_PE_APPLICATION) == PE_PCREL)
		value -= here(writer);
	if ((encoding & 0xf) == PE_ULEB)
		put_uleb(writer, value);
	else if ((encoding & 0xf) == (PE_ULEB | PE_SIGNED))
		put_sleb(writer, (int64_t)value);
	else
		put(writer, value, sizes[encoding & 0xf]);
}

/* The length word, to be filled in by `end` when the record is complete. */
static inline size_t begin(struct writer *writer, bool extended)
{
	if (extended)
		put(writer, UINT32_MAX, 4);
	put(writer, 0, extended ? 8 : 4);
	return writer->used;
}

static inline void end(struct writer *writer, size_t start, bool extended)
{
	uint64_t length;

	while (writer->used % 4)
		put(writer, CFA_NOP, 1);
	length = writer->used - start;
	memcpy(&writer->bytes[start - (extended ? 8 : 4)], &length, extended ? 8 : 4);
}

/* What the tables below look like. */
struct form {
	uint8_t version;
	const char *augmentation;
	uint8_t encoding;
	bool extended;
	bool has_table;
};

#define USUAL ((struct form){1, "zR", PE_PCREL | PE_UDATA4 | PE_SIGNED, false, true})

static inline size_t put_cie(struct writer *writer, const struct form *form)
{
	size_t at = writer->used;
	size_t start = begin(writer, form->extended);

	put(writer, 0, 4);
	put(writer, form->version, 1);
	for (const char *letter = form->augmentation; *letter; letter++)
		put(writer, (uint8_t)*letter, 1);
	put(writer, 0, 1);
	if (form->version == 4)
		put(writer, 8, 2);
	put_uleb(writer, 1);
	put_sleb(writer, -8);
	put_uleb(writer, SEEP_CFI_RIP);
	if (form->augmentation[0] == 'z') {
		struct writer data = {.address = here(writer) + 1};

		for (const char *letter = form->augmentation + 1; *letter; letter++)
			if (*letter == 'R') {
				put(&data, form->encoding, 1);
			} else if (*letter == 'L') {
				put(&data, PE_PCREL | PE_UDATA4, 1);
			} else if (*letter == 'P') {
				put(&data, SEEP_PE_INDIRECT | PE_PCREL | PE_UDATA4 | PE_SIGNED, 1);
				put(&data, 0x1234, 4);
			}
		put_uleb(writer, data.used);
		for (size_t i = 0; i < data.used; i++)
			put(writer, data.bytes[i], 1);
	}
	put(writer, CFA_DEF_CFA, 1);
	put_uleb(writer, SEEP_CFI_RSP);
	put_uleb(writer, 8);
	put(writer, CFA_OFFSET | SEEP_CFI_RIP, 1);
	put_uleb(writer, 1);
	end(writer, start, form->extended);
	return at;
}

static inline size_t put_fde(struct writer *writer, const struct form *form, size_t cie, uintptr_t start_pc,
	size_t bytes, const uint8_t *program, size_t program_bytes)
{
	size_t at = writer->used;
	size_t start = begin(writer, form->extended);

	put(writer, writer->used - cie, 4);
	put_pointer(writer, form->encoding, start_pc);
	put_pointer(writer, form->encoding == PE_ALIGNED ? 0 : form->encoding & 0xf, bytes);
	if (form->augmentation[0] == 'z')
		put_uleb(writer, 0);
	for (size_t i = 0; i < program_bytes; i++)
		put(writer, program[i], 1);
	end(writer, start, form->extended);
	return at;
}

/* The header, with its table: two entries at `code`, 0x100 bytes each, 0x200 apart. It is written behind the frames. */
static inline size_t put_header(struct writer *writer, const struct form *form, const size_t fdes[2])
{
	size_t at = writer->used;

	put(writer, 1, 1);
	put(writer, PE_PCREL | PE_UDATA4 | PE_SIGNED, 1);
	put(writer, form->has_table ? PE_UDATA4 : SEEP_PE_OMIT, 1);
	put(writer, form->has_table ? SEEP_PE_DATAREL_SDATA4 : SEEP_PE_OMIT, 1);
	put_pointer(writer, PE_PCREL | PE_UDATA4 | PE_SIGNED, writer->address);
	if (form->has_table) {
		put(writer, 2, 4);
		for (unsigned i = 0; i < 2; i++) {
			put(writer, code() + 0x200 * i - writer->address - at, 4);
			put(writer, fdes[i] - at, 4);
		}
	}
	return at;
}

static inline size_t put_tables(
	struct writer *writer, const struct form *form, const uint8_t *program, size_t program_bytes)
{
	size_t cie = put_cie(writer, form);
	size_t fdes[2];

	fdes[0] = put_fde(writer, form, cie, code(), 0x100, program, program_bytes);
	fdes[1] = put_fde(writer, form, cie, code() + 0x200, 0x100, program, program_bytes);
	put(writer, 0, 4);
	return put_header(writer, form, fdes);
}

/* Writes the tables where they end with the room, against the page behind it. Returns the header's place among them. */
static inline size_t put_tables_last(
	struct writer *writer, const struct form *form, const uint8_t *program, size_t program_bytes)
{
	size_t at = 0;

	/* The first time shows how long they are, and so where they have to begin; distances can make a difference to that. */
	for (int i = 0; i < 4; i++) {
		writer->address = ((uintptr_t)room + ROOM - writer->used) & -(uintptr_t)8;
		writer->used = 0;
		at = put_tables(writer, form, program, program_bytes);
	}
	return at;
}

static inline const uint8_t *place(const struct writer *writer, size_t header)
{
	memcpy((uint8_t *)writer->address, writer->bytes, writer->used);
	return (const uint8_t *)writer->address + header;
}

static inline struct writer *new_writer(void)
{
	struct writer *writer = test_calloc(1, sizeof *writer);

	return writer;
}

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static inline uint64_t any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static inline uint64_t below(uint64_t bound)
{
	return any() % bound;
}

#endif

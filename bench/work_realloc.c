/* SPDX-License-Identifier: Apache-2.0
 *
 * work_realloc.c: growing reallocs. 64 texts grow by a quarter at a time, in random order, from 32 bytes until they
 * pass 16 KiB, and start again. A realloc counts as a block.
 *   work_realloc [BLOCKS]
 */
#include "work.h"

enum { TEXTS = 64, LIMIT = 16 << 10 };

struct text {
	char *bytes;
	size_t size;
};

static FRAME void grow(struct text *text)
{
	size_t size = text->size ? text->size + text->size / 4 : 32;

	text->bytes = work_check(realloc(text->bytes, size));
	memset(text->bytes + text->size, 'x', size - text->size);
	text->size = size;
}

static FRAME void append(struct text *text)
{
	if (text->size > LIMIT) {
		free(text->bytes);
		*text = (struct text){NULL, 0};
	}
	grow(text);
}

int main(int argc, char **argv)
{
	uint64_t blocks = work_argument(argc, argv, 1, 1000000);
	static struct text texts[TEXTS];
	uint64_t random = 0x5ee9;

	for (uint64_t i = 0; i < blocks; i++)
		append(&texts[work_random(&random) >> 58]);
	for (int i = 0; i < TEXTS; i++)
		free(texts[i].bytes);
	work_print("allocations", blocks);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * printable.c: a strict UTF-8 decoder and what is built on it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "printable.h"

size_t seep_utf8_next(const char *text, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = (uint8_t)text[0];
	size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;

	*code = SEEP_NOT_UTF8;
	if (length == 1)
		*code = first;
	if (length <= 1 || first > 0xf7)
		return 1;
	uint32_t value = first & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 1;
	*code = value;
	return length;
}

/* Whether a terminal shows a character, and does nothing else with it. */
static bool harmless(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	if (code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
		(code >= 0x2066 && code <= 0x2069) || code == 0xfeff)
		return false;
	return code <= 0x10ffff;
}

char *seep_printable(struct seep_arena *arena, const char *text)
{
	char *copy = seep_arena_take(arena, strlen(text) + 1), *out = copy;
	uint32_t code;
	size_t length;

	if (!copy)
		return NULL;
	for (; *text; text += length) {
		length = seep_utf8_next(text, &code);
		if (harmless(code)) {
			memcpy(out, text, length);
			out += length;
		} else {
			*out++ = '?';
		}
	}
	*out = '\0';
	return copy;
}

char *seep_valid_utf8(struct seep_arena *arena, const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *copy = seep_arena_take(arena, 3 * strlen(text) + 1), *out = copy;
	uint32_t code;
	size_t length;

	if (!copy)
		return NULL;
	for (; *text; text += length) {
		length = seep_utf8_next(text, &code);
		if (code == SEEP_NOT_UTF8) {
			memcpy(out, replacement, 3);
			out += 3;
		} else {
			memcpy(out, text, length);
			out += length;
		}
	}
	*out = '\0';
	return copy;
}

size_t seep_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((uint8_t)*text & 0xc0) != 0x80;
	return columns;
}

/* The text without its first characters. */
static const char *skip(const char *text, size_t characters)
{
	for (; *text && characters; characters--) {
		text++;
		while (((uint8_t)*text & 0xc0) == 0x80)
			text++;
	}
	return text;
}

const char *seep_cut_end(struct seep_arena *arena, const char *text, size_t columns)
{
	size_t bytes;
	char *copy;

	if (seep_columns(text) <= columns)
		return text;
	bytes = (size_t)(skip(text, columns > 3 ? columns - 3 : 0) - text);
	copy = seep_arena_take(arena, bytes + 4);
	if (!copy)
		return "...";
	sprintf(copy, "%.*s...", (int)bytes, text);
	return copy;
}

const char *seep_cut_start(struct seep_arena *arena, const char *text, size_t columns)
{
	size_t all = seep_columns(text);
	const char *rest, *slash;
	char *copy;

	if (all <= columns)
		return text;
	rest = skip(text, all - (columns > 3 ? columns - 3 : 0));
	slash = strchr(rest, '/');
	if (slash && slash[1])
		rest = slash;
	copy = seep_arena_take(arena, strlen(rest) + sizeof("..."));
	if (!copy)
		return "...";
	sprintf(copy, "...%s", rest);
	return copy;
}

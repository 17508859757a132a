/* SPDX-License-Identifier: Apache-2.0
 *
 * globs.c: the patterns of globs.h. fnmatch is not used because '*' has to cross '/', "[]" has to mean itself (operator
 * new[]), and no locale may change what a pattern matches.
 */
#include <string.h>

#include "demangle.h"
#include "globs.h"

/* The ']' that ends the set begun at `set`, or NULL. Directly after "[" or "[!" a ']' is a member. */
static const char *set_end(const char *set)
{
	set++;
	if (*set == '!')
		set++;
	return *set ? strchr(set + 1, ']') : NULL;
}

static bool set_has(const char *set, const char *end, unsigned char byte)
{
	bool without = set[1] == '!';

	for (set += without ? 2 : 1; set < end; set++) {
		unsigned char low = (unsigned char)set[0], high = low;

		if (set[1] == '-' && set + 2 < end) {
			high = (unsigned char)set[2];
			set += 2;
		}
		if (byte >= low && byte <= high)
			return !without;
	}
	return without;
}

/* Matches one byte of text against the pattern's next piece, which is no '*'. Returns what follows the piece, NULL for no match. */
static const char *piece_match(const char *pattern, size_t length, char byte)
{
	const char *end;

	if (!length || !byte)
		return NULL;
	if (*pattern == '?')
		return pattern + 1;
	if (*pattern == '[' && (end = set_end(pattern)))
		return set_has(pattern, end, (unsigned char)byte) ? end + 1 : NULL;
	if (*pattern == '\\' && length > 1)
		pattern++;
	return *pattern == byte ? pattern + 1 : NULL;
}

/* Only the last '*' passed is ever given more text: what an earlier one could take in addition, the last one can too. */
static bool match(const char *pattern, const char *text, const char *text_end)
{
	const char *pattern_end = pattern + strlen(pattern), *star = NULL, *retry = NULL;

	for (;;) {
		const char *next;

		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
			continue;
		}
		if (pattern == pattern_end && text == text_end)
			return true;
		next = text < text_end ? piece_match(pattern, (size_t)(pattern_end - pattern), *text) : NULL;
		if (next) {
			pattern = next;
			text++;
		} else if (star && retry < text_end) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
}

bool seep_glob_match(const char *pattern, const char *text)
{
	return match(pattern, text, text + strlen(text));
}

bool seep_glob_match_path(const char *pattern, const char *path)
{
	const char *end = path + strlen(path), *part = path;

	do {
		if (match(pattern, part, end))
			return true;
		part = strchr(part, '/');
	} while (part && *++part);
	return false;
}

bool seep_glob_match_function(const char *pattern, const char *function)
{
	size_t length = strlen(function), base = seep_demangle_base(function);

	return match(pattern, function, function + length) ||
	       (base < length && match(pattern, function, function + base));
}

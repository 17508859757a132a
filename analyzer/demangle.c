/* SPDX-License-Identifier: Apache-2.0
 *
 * demangle.c: C++ and Rust names, read by libiberty and kept within bounds.
 *
 * libiberty's own allocating interface has no bound on the text: substitutions let a mangled name of some hundred bytes
 * stand for gigabytes. So its callback interface is used, and left by longjmp when there is too much.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "demangle.h"

/* The printed text is counted and not only kept, as a name may also print many empty pieces. */
#define CALLS_MAX (16 * SEEP_DEMANGLE_READABLE_MAX)

struct output {
	char *text;
	size_t bytes, capacity;
	size_t calls;
	jmp_buf too_much;
};

static void output_take(const char *text, size_t bytes, void *opaque)
{
	struct output *o = opaque;

	if (bytes > SEEP_DEMANGLE_READABLE_MAX - o->bytes || ++o->calls > CALLS_MAX)
		longjmp(o->too_much, 1);
	if (bytes >= o->capacity - o->bytes) {
		size_t capacity = (o->bytes + bytes) * 2 + 128;
		char *grown = realloc(o->text, capacity);

		if (!grown)
			longjmp(o->too_much, 1);
		o->text = grown;
		o->capacity = capacity;
	}
	memcpy(o->text + o->bytes, text, bytes);
	o->bytes += bytes;
	o->text[o->bytes] = '\0';
}

/* "_ZN...17h" and 16 hex digits and "E": Rust's legacy mangling looks like C++ but for its hash. rust_demangle_callback
 * knows it well and refuses what is none; this only spares other C++ names the attempt. */
static bool rust_likely(const char *symbol, size_t length)
{
	if (symbol[0] == '_' && symbol[1] == 'R')
		return true;
	return length > 24 && !memcmp(symbol + length - 20, "17h", 3) && symbol[length - 1] == 'E';
}

static bool decode(struct output *o, const char *symbol, size_t length)
{
	/* The recursion limit would refuse every C++ name longer than 1024 bytes; SEEP_DEMANGLE_MANGLED_MAX bounds the
	 * recursion as well, which takes less than 1 KiB of stack for each byte of the name. */
	int options = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP | DMGL_NO_RECURSE_LIMIT;

	if (setjmp(o->too_much))
		return false;
	if (rust_likely(symbol, length)) {
		if (rust_demangle_callback(symbol, DMGL_NO_OPTS, output_take, o) && o->bytes)
			return true;
		o->bytes = 0;
	}
	if (symbol[0] != '_' || symbol[1] != 'Z')
		return false;
	return cplus_demangle_v3_callback(symbol, options, output_take, o) && o->bytes;
}

/* Bytes of ".word" or ".word.123" at text if the word is one that compilers put behind a function's name; else 0. */
static size_t clone_mark(const char *text)
{
	static const char *const words[] = {
		".cold", ".part", ".isra", ".constprop", ".lto_priv", ".llvm", ".localalias", ".warm", ".hot"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i]);

		if (strncmp(text, words[i], length))
			continue;
		if (text[length] == '.' && isxdigit((unsigned char)text[length + 1]))
			for (length++; isxdigit((unsigned char)text[length]);)
				length++;
		if (!text[length] || text[length] == '.')
			return length;
	}
	return 0;
}

/* Length without a symbol version ("memcpy@@GLIBC_2.14") and without the marks that end the name. */
static size_t source_length(const char *symbol)
{
	for (const char *dot = strchr(symbol, '.'); dot; dot = strchr(dot + 1, '.')) {
		const char *tail = dot;
		size_t mark;

		while ((mark = clone_mark(tail)))
			tail += mark;
		if (!*tail && dot > symbol)
			return (size_t)(dot - symbol);
	}
	return *symbol ? 1 + strcspn(symbol + 1, "@") : 0;
}

char *seep_demangle(const char *symbol)
{
	size_t length = source_length(symbol);
	char *plain = strndup(symbol, length);
	struct output o = {0};

	if (!plain || length > SEEP_DEMANGLE_MANGLED_MAX || plain[0] != '_')
		return plain;
	if (!decode(&o, plain, length)) {
		free(o.text);
		return plain;
	}
	free(plain);
	return o.text;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t bytes = strlen(end);

	return length >= bytes && !memcmp(text + length - bytes, end, bytes);
}

/* Length without what may stand behind the parameter list. */
static size_t qualifiers_cut(const char *text, size_t length)
{
	static const char *const words[] = {" const", " volatile", " &", " &&", " noexcept"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]);) {
		if (ends_with(text, length, words[i])) {
			length -= strlen(words[i]);
			i = 0;
		} else {
			i++;
		}
	}
	return length;
}

size_t seep_demangle_base(const char *readable)
{
	size_t whole = strlen(readable), end = qualifiers_cut(readable, whole), depth = 0;

	if (!end || readable[end - 1] != ')')
		return whole;
	for (size_t i = end; i-- > 0;) {
		if (readable[i] == ')')
			depth++;
		else if (readable[i] == '(' && !--depth) /* "operator()" and "(anonymous namespace)" are names */
			return i && !ends_with(readable, i, "operator") && !ends_with(readable, i, "::") ? i : whole;
	}
	return whole;
}

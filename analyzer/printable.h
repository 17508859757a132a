/* SPDX-License-Identifier: Apache-2.0
 *
 * printable.h: text from traces and ELF files made harmless: no control characters (a terminal would obey them), no
 * characters that turn the direction of writing, valid UTF-8. Every output takes foreign text through here. Any thread.
 */
#ifndef SEEP_PRINTABLE_H
#define SEEP_PRINTABLE_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

#define SEEP_NOT_UTF8 UINT32_MAX

/* Decodes one character of a NUL-terminated text that has at least one. Returns its bytes; *code is SEEP_NOT_UTF8 (and the result 1) for a byte
 * that begins none. */
size_t seep_utf8_next(const char *text, uint32_t *code);

/* Copies that live as long as the arena. NULL: out of memory. */
char *seep_printable(struct seep_arena *arena, const char *text); /* for people: what is not harmless becomes '?' */
char *seep_valid_utf8(
	struct seep_arena *arena, const char *text); /* for programs: only what is not UTF-8 is replaced, by U+FFFD */

/* Columns that a printable text takes: its characters. */
size_t seep_columns(const char *text);

/* A printable text that takes at most so many columns: cut at its end ("frobnic...") or at its beginning (".../table.c:12"). May return the
 * text itself. */
const char *seep_cut_end(struct seep_arena *arena, const char *text, size_t columns);
const char *seep_cut_start(struct seep_arena *arena, const char *text, size_t columns);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * notes.c: gathers notes. Called by drain.c, tree.c and session.c. One thread.
 */
#include "notes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096u

void seep_notes_close(struct seep_notes *n)
{
	free(n->bytes);
	memset(n, 0, sizeof(*n));
}

static bool room(struct seep_notes *n, size_t more)
{
	size_t size = n->bytes_size ? n->bytes_size : 4096;
	uint8_t *larger;

	while (size < n->bytes_used + more)
		size *= 2;
	if (size > SEEP_FRAME_RAW_MAX)
		return false;
	if (size == n->bytes_size)
		return true;
	larger = realloc(n->bytes, size);
	if (!larger)
		return false;
	n->bytes = larger;
	n->bytes_size = size;
	return true;
}

void seep_notes_add(struct seep_notes *n, uint64_t time_ns, enum seep_note_code code, uint64_t value, const char *text,
	size_t text_bytes)
{
	struct seep_trace_note note = {.time_ns = time_ns, .value = value, .code = code};
	size_t whole;

	note.text_bytes = (uint32_t)(text_bytes < TEXT_MAX ? text_bytes : TEXT_MAX);
	whole = sizeof(note) + (note.text_bytes + 7u) / 8 * 8;
	if (n->total >= SEEP_NOTES_MAX || !room(n, whole)) {
		n->lost++;
		return;
	}
	memset(n->bytes + n->bytes_used, 0, whole);
	memcpy(n->bytes + n->bytes_used, &note, sizeof(note));
	if (note.text_bytes)
		memcpy(n->bytes + n->bytes_used + sizeof(note), text, note.text_bytes);
	n->bytes_used += whole;
	n->entries++;
	n->total++;
}

void seep_notes_fault(struct seep_notes *n, uint64_t time_ns, const char *format, ...)
{
	char text[300];
	va_list arguments;
	int length;

	if (n->faults >= SEEP_NOTES_FAULTS_MAX) {
		n->lost++;
		return;
	}
	n->faults++;
	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > 0)
		seep_notes_add(n, time_ns, SEEP_NOTE_FAULT, 0, text,
			(size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

int seep_notes_write(struct seep_notes *n, struct seep_writer *writer)
{
	int status = 0;

	if (n->entries)
		status = seep_writer_frame(writer, SEEP_FRAME_NOTE, n->entries, n->bytes, n->bytes_used);
	n->entries = 0;
	n->bytes_used = 0;
	return status;
}

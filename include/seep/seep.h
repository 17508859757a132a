/* SPDX-License-Identifier: Apache-2.0
 *
 * seep.h: what an application may tell seep about itself. Stable; C and C++; nothing to link with. Without libseep.so
 * in the process each call costs one test of a pointer.
 */
#ifndef SEEP_SEEP_H
#define SEEP_SEEP_H

#ifdef __cplusplus
extern "C" {
#endif

/* Found by the dynamic linker if libseep.so is preloaded, NULL otherwise. */
extern void seep_note_mark(const char *name) __attribute__((weak));

/* Puts a named point of time into the trace ("warm-up done", "request 1000"). Any thread; the name is copied and cut to 256 bytes. */
static inline void seep_mark(const char *name)
{
	if (seep_note_mark)
		seep_note_mark(name);
}

#ifdef __cplusplus
}
#endif

#endif

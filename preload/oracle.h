/* SPDX-License-Identifier: Apache-2.0
 *
 * oracle.h: stacks by libunwind. Where seep has no unwinder of its own this is the unwinder; on x86-64 it runs only when asked
 * for (SEEP_UNWIND=libunwind) and in the tests that compare the two.
 *
 * It is not for the traced program of every day: libunwind takes the loader's lock (dl_iterate_phdr) and makes system calls.
 */
#ifndef SEEP_PRELOAD_ORACLE_H
#define SEEP_PRELOAD_ORACLE_H

#include "unwind.h"

/* Opens libunwind with dlopen, so not from within a hook. It stays private: in the global scope its _Unwind_ functions would
 * replace libgcc's and change how the program's own exceptions unwind. False: it is not installed. */
bool seep_oracle_open(void);

/* As seep_unwind_capture, of which nothing is remembered: into frames, at most depth_limit of them. scratch: as in struct
 * seep_unwinder. One frame and SEEP_UNWIND_LOST where libunwind isn't open. */
unsigned seep_oracle_walk(const struct seep_unwind_start *start, struct seep_unwind_frame *frames, unsigned depth_limit,
	enum seep_unwind_end *end, unsigned char *scratch);

/* seep_unwind_capture by libunwind: it walks all of the stack, and spares its owner to look up the frames that are the same as last
 * time. generation: of the code, not 0. */
unsigned seep_oracle_capture(struct seep_unwinder *unwinder, const struct seep_unwind_start *start, uint32_t generation,
	unsigned depth_limit, unsigned *unchanged, enum seep_unwind_end *end);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * call_targets.h: which function of another file a call goes to, read from the call itself. A function that ends by jumping into
 * another one leaves no frame in a stack, and a stripped library does not name the other one; but the caller's file says by name
 * whom it calls. symbols.c asks. One thread.
 */
#ifndef SEEP_CALL_TARGETS_H
#define SEEP_CALL_TARGETS_H

#include <stdint.h>

struct seep_call_targets;
struct seep_elf_file;

/* The file has to outlive it. NULL: out of memory. */
struct seep_call_targets *seep_call_targets_open(const struct seep_elf_file *file);

/* The linker's name of the function called just before a return address (as the ELF file counts), if the call goes through the procedure linkage table or the
 * global offset table; else NULL. Lives as long as the file. */
const char *seep_call_targets_find(const struct seep_call_targets *t, uint64_t return_address);

void seep_call_targets_close(struct seep_call_targets *t);

#endif

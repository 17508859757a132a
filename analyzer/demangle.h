/* SPDX-License-Identifier: Apache-2.0
 *
 * demangle.h: from a linker's symbol name to the name that people wrote: C++ (Itanium ABI) and Rust (legacy and v0).
 * symbols.c calls it for every function name. Any thread.
 */
#ifndef SEEP_DEMANGLE_H
#define SEEP_DEMANGLE_H

#include <stddef.h>

/* Longest mangled name that is tried, and longest readable one that is given: names come from untrusted files, and a
 * short mangled name can stand for gigabytes of text. */
#define SEEP_DEMANGLE_MANGLED_MAX 8192
#define SEEP_DEMANGLE_READABLE_MAX 16384

/* The readable name, to be freed; NULL only when memory ran out. What is not mangled comes back as it is, except that the
 * compiler's marks of clones and parts of a function (".cold", ".part.0", ".isra.0", ".constprop.0", ".lto_priv.0",
 * ".llvm.123") are cut off, and so is Rust's hash: it is the same function to its author. C++ names have parameters
 * but no return type. */
char *seep_demangle(const char *symbol);

/* Bytes of a readable name up to its parameter list: `a::b<void (*)(int)>(char) const` gives the length of
 * `a::b<void (*)(int)>`, `a::operator()(int)` that of `a::operator()`. The whole length if there is no list. */
size_t seep_demangle_base(const char *readable);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * own_code.h: which executables and libraries are the project's, and which are only installed. A gate that is put around `make
 * check` or pytest must judge the project and not the leaks of make and Python. gate_stacks.c and gate_measure.c ask. Any thread.
 */
#ifndef SEEP_OWN_CODE_H
#define SEEP_OWN_CODE_H

#include <stdbool.h>

#include "options.h"

/* `globs`, if there are any, decide (globs.h: the whole path or any part that begins after a '/'). Otherwise what is below `root`, an absolute path,
 * is the project's, and so is what is in no folder where systems, package managers and version managers put things: /usr,
 * /opt, site-packages, ~/.cargo. A path that does not begin with '/' (the vDSO) is nobody's. */
bool seep_own_code(const struct seep_list *globs, const char *root, const char *path);

#endif

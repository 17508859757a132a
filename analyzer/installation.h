/* SPDX-License-Identifier: Apache-2.0
 *
 * installation.h: where seep's other programs are. For launcher.c and recovery.c.
 */
#ifndef SEEP_INSTALLATION_H
#define SEEP_INSTALLATION_H

#include <limits.h>

#include "error.h"

/* The path of libseep.so or seep-collector: beside this program, or in ../lib/seep. Returns 0 or -1. */
int seep_installation_find(const char *name, char found[PATH_MAX], struct seep_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * wrappers_known.h: the built-in list of allocation wrappers, for wrappers.c only.
 */
#ifndef SEEP_WRAPPERS_KNOWN_H
#define SEEP_WRAPPERS_KNOWN_H

/* Lines as in a --wrappers file; ends with NULL. */
extern const char *const seep_wrappers_known[];

#endif

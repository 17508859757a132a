/* SPDX-License-Identifier: Apache-2.0
 *
 * wordlist.h: stands for a library of somebody else, in which leaks are not this project's to repair.
 */
#ifndef WORDLIST_H
#define WORDLIST_H

/* Whether a name may be a user's. */
int wordlist_allows(const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * session.h: who is logged in.
 */
#ifndef CI_SESSION_H
#define CI_SESSION_H

#include <stdbool.h>

struct sessions;

struct sessions *sessions_create(void);

/* Starts a session. False if the user has one. */
bool session_login(struct sessions *s, const char *user);

/* Ends it. False if there is none. */
bool session_logout(struct sessions *s, const char *user);

unsigned sessions_count(const struct sessions *s);
void sessions_free(struct sessions *s);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * session_table.h: all sessions of the server, found by the token in the browser's cookie. Any thread may call.
 *
 * A session is open from its login until it is closed (logout) or has not been used for the table's lifetime. Between
 * session_table_acquire() and session_table_release() it belongs to one request, which alone may use its data; it does
 * not expire meanwhile.
 */
#ifndef SESSION_TABLE_H
#define SESSION_TABLE_H

#include "user_data.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SESSION_TOKEN_SIZE 33 /* 128 random bits in hexadecimal, and the NUL */

struct session {
	struct session *next; /* in its bucket */
	char token[SESSION_TOKEN_SIZE];
	uint64_t last_used_ms; /* monotonic */
	unsigned holders; /* requests between acquire and release */
	bool closed; /* no longer in the table; the last holder ends it */
	pthread_mutex_t lock; /* guards *data; everything above is guarded by the table's lock */
	struct user_data *data;
};

struct session_table;

/* Returns NULL when memory is short. */
struct session_table *session_table_create(unsigned lifetime_seconds);

/* Ends every session. No other thread may use the table any more. */
void session_table_destroy(struct session_table *table);

/* Opens a session and writes its token. On success the session owns `data`; on failure (memory, random numbers) the
 * caller still does. */
bool session_table_open(struct session_table *table, struct user_data *data, char token[SESSION_TOKEN_SIZE]);

/* The open session with that token, or NULL. Waits while another request holds it. */
struct session *session_table_acquire(struct session_table *table, const char *token);
void session_table_release(struct session_table *table, struct session *session);

/* Takes a session that the caller holds out of the table; nobody finds it any more. The caller still releases it. */
void session_table_close(struct session_table *table, struct session *session);

/* Removes the sessions that were not used for the table's lifetime, and returns how many they were. */
size_t session_table_expire(struct session_table *table);

/* Sessions that are open now. */
size_t session_table_count(struct session_table *table);

#endif

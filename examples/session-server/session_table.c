/* SPDX-License-Identifier: Apache-2.0
 *
 * session_table.c: a hash table with chains. Whoever holds the table's lock never waits for a session's own lock.
 */
#include "session_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define BUCKETS 4096 /* a power of two; chains stay short up to some ten thousand open sessions */

struct session_table {
	pthread_mutex_t lock;
	uint64_t lifetime_ms;
	size_t count;
	struct session *buckets[BUCKETS];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* FNV-1a. Tokens are random, so nobody can choose them to fall into one bucket. */
static size_t bucket_of(const char *token)
{
	uint32_t hash = 2166136261u;

	for (; *token; token++)
		hash = (hash ^ (unsigned char)*token) * 16777619u;
	return hash & (BUCKETS - 1);
}

static bool make_token(char token[SESSION_TOKEN_SIZE])
{
	unsigned char random[(SESSION_TOKEN_SIZE - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(token + 2 * i, 3, "%02x", random[i]);
	return true;
}

static struct session *session_new(void)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session)
		pthread_mutex_init(&session->lock, NULL);
	return session;
}

static void session_free(struct session *session)
{
	pthread_mutex_destroy(&session->lock);
	free(session);
}

static void session_end(struct session *session)
{
	user_data_clear(session->data);
	free(session->data);
	session_free(session);
}

/* The link that points at the session, or the chain's end. The caller holds the table's lock. */
static struct session **find(struct session_table *table, const char *token)
{
	struct session **link = &table->buckets[bucket_of(token)];

	while (*link && strcmp((*link)->token, token))
		link = &(*link)->next;
	return link;
}

struct session_table *session_table_create(unsigned lifetime_seconds)
{
	struct session_table *table = calloc(1, sizeof(*table));
	if (!table)
		return NULL;

	pthread_mutex_init(&table->lock, NULL);
	table->lifetime_ms = (uint64_t)lifetime_seconds * 1000;
	return table;
}

void session_table_destroy(struct session_table *table)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct session *session = table->buckets[i];
		while (session) {
			struct session *next = session->next;
			session_end(session);
			session = next;
		}
	}
	pthread_mutex_destroy(&table->lock);
	free(table);
}

bool session_table_open(struct session_table *table, struct user_data *data, char token[SESSION_TOKEN_SIZE])
{
	struct session *session = session_new();
	if (!session)
		return false;

	if (!make_token(session->token)) {
		session_free(session);
		return false;
	}
	memcpy(token, session->token, SESSION_TOKEN_SIZE);
	session->data = data;
	session->last_used_ms = now_ms();

	pthread_mutex_lock(&table->lock);
	struct session **bucket = &table->buckets[bucket_of(token)];
	session->next = *bucket;
	*bucket = session;
	table->count++;
	pthread_mutex_unlock(&table->lock);
	return true;
}

struct session *session_table_acquire(struct session_table *table, const char *token)
{
	pthread_mutex_lock(&table->lock);
	struct session *session = *find(table, token);
	if (session)
		session->holders++;
	pthread_mutex_unlock(&table->lock);

	if (!session)
		return NULL;
	pthread_mutex_lock(&session->lock);
	return session;
}

void session_table_release(struct session_table *table, struct session *session)
{
	pthread_mutex_unlock(&session->lock);

	pthread_mutex_lock(&table->lock);
	session->holders--;
	session->last_used_ms = now_ms();
	bool over = session->closed && !session->holders;
	pthread_mutex_unlock(&table->lock);

	if (over)
		session_end(session);
}

void session_table_close(struct session_table *table, struct session *session)
{
	pthread_mutex_lock(&table->lock);
	if (!session->closed) {
		*find(table, session->token) = session->next;
		table->count--;
		session->closed = true;
	}
	pthread_mutex_unlock(&table->lock);
}

size_t session_table_expire(struct session_table *table)
{
	size_t expired = 0;

	pthread_mutex_lock(&table->lock);
	uint64_t now = now_ms();
	for (size_t i = 0; i < BUCKETS; i++) {
		struct session **link = &table->buckets[i];
		while (*link) {
			struct session *session = *link;
			if (session->holders || now - session->last_used_ms < table->lifetime_ms) {
				link = &session->next;
				continue;
			}
			*link = session->next;
			table->count--;
			expired++;
			session_free(session);
		}
	}
	pthread_mutex_unlock(&table->lock);
	return expired;
}

size_t session_table_count(struct session_table *table)
{
	pthread_mutex_lock(&table->lock);
	size_t count = table->count;
	pthread_mutex_unlock(&table->lock);
	return count;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * user_data.h: what a session remembers of its user: profile, preferences, shopping cart, the pages seen last.
 *
 * A record belongs to one session. Whoever holds that session's lock may use it; no function here takes a lock.
 */
#ifndef USER_DATA_H
#define USER_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define USER_NAME_MAX 32
#define HISTORY_LENGTH 32

struct preferences {
	char theme[16];
	char language[16];
	char timezone[32];
	unsigned items_a_page;
	bool newsletter;
};

struct cart_item {
	char name[56];
	unsigned quantity;
};

struct visit {
	time_t when;
	char path[120];
};

struct user_data {
	char user[USER_NAME_MAX + 1];
	char *display_name;
	char *email;
	char *avatar; /* SVG */
	struct preferences *preferences;
	struct cart_item *cart; /* cart_count items, room for cart_capacity */
	size_t cart_count;
	size_t cart_capacity;
	struct visit history[HISTORY_LENGTH]; /* a ring: visit number n is at n % HISTORY_LENGTH */
	size_t visits;
};

/* Fills a zeroed record with what is known of the user. Returns false when memory is short; the record can then still be
 * cleared. */
bool user_data_load(struct user_data *data, const char *user);

/* Frees what the record holds, and leaves it zeroed. The record itself belongs to the caller. */
void user_data_clear(struct user_data *data);

/* Puts `quantity` more of `item` into the cart. Returns false when memory is short or the name is too long. */
bool user_data_add_to_cart(struct user_data *data, const char *item, unsigned quantity);

/* Returns false for a theme that does not exist. */
bool user_data_set_theme(struct user_data *data, const char *theme);

void user_data_remember_visit(struct user_data *data, const char *path);

#endif

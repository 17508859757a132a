/* SPDX-License-Identifier: Apache-2.0
 *
 * user_data.c: makes and changes the record. The profile is derived from the user's name; a larger service would ask its
 * database here.
 */
#include "user_data.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CART_FIRST_CAPACITY 4

static char *display_name(const char *user)
{
	char *name = strdup(user);
	if (!name)
		return NULL;

	bool word_starts = true;
	for (char *c = name; *c; c++) {
		if (*c == '-' || *c == '.')
			*c = ' ';
		if (word_starts)
			*c = (char)toupper((unsigned char)*c);
		word_starts = *c == ' ';
	}
	return name;
}

static char *email(const char *user)
{
	char *address;

	return asprintf(&address, "%s@shop.example", user) < 0 ? NULL : address;
}

/* A coloured disc with the user's initial. */
static char *avatar(const char *user)
{
	unsigned hue = 0;
	for (const char *c = user; *c; c++)
		hue = (hue * 31 + (unsigned char)*c) % 360;

	char *svg;
	int size = asprintf(&svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"64\" height=\"64\" viewBox=\"0 0 64 64\">"
		"<circle cx=\"32\" cy=\"32\" r=\"32\" fill=\"hsl(%03u 60%% 45%%)\"/>"
		"<text x=\"32\" y=\"43\" font-size=\"32\" text-anchor=\"middle\" fill=\"white\">%c</text></svg>",
		hue, toupper((unsigned char)*user));
	return size < 0 ? NULL : svg;
}

static struct preferences *default_preferences(void)
{
	struct preferences *preferences = calloc(1, sizeof(*preferences));
	if (!preferences)
		return NULL;

	strcpy(preferences->theme, "light");
	strcpy(preferences->language, "en");
	strcpy(preferences->timezone, "UTC");
	preferences->items_a_page = 25;
	return preferences;
}

bool user_data_load(struct user_data *data, const char *user)
{
	snprintf(data->user, sizeof(data->user), "%s", user);
	data->display_name = display_name(user);
	data->email = email(user);
	data->avatar = avatar(user);
	data->preferences = default_preferences();
	return data->display_name && data->email && data->avatar && data->preferences;
}

void user_data_clear(struct user_data *data)
{
	free(data->display_name);
	free(data->email);
	free(data->avatar);
	free(data->preferences);
	free(data->cart);
	memset(data, 0, sizeof(*data));
}

static struct cart_item *find_in_cart(struct user_data *data, const char *item)
{
	for (size_t i = 0; i < data->cart_count; i++) {
		if (!strcmp(data->cart[i].name, item))
			return &data->cart[i];
	}
	return NULL;
}

static bool grow_cart(struct user_data *data)
{
	size_t capacity = data->cart_capacity ? 2 * data->cart_capacity : CART_FIRST_CAPACITY;
	struct cart_item *cart = reallocarray(data->cart, capacity, sizeof(*cart));
	if (!cart)
		return false;

	data->cart = cart;
	data->cart_capacity = capacity;
	return true;
}

bool user_data_add_to_cart(struct user_data *data, const char *item, unsigned quantity)
{
	struct cart_item *known = find_in_cart(data, item);
	if (known) {
		known->quantity += quantity;
		return true;
	}

	if (strlen(item) >= sizeof(known->name))
		return false;
	if (data->cart_count == data->cart_capacity && !grow_cart(data))
		return false;

	struct cart_item *added = &data->cart[data->cart_count++];
	snprintf(added->name, sizeof(added->name), "%s", item);
	added->quantity = quantity;
	return true;
}

bool user_data_set_theme(struct user_data *data, const char *theme)
{
	if (strcmp(theme, "light") && strcmp(theme, "dark"))
		return false;
	snprintf(data->preferences->theme, sizeof(data->preferences->theme), "%s", theme);
	return true;
}

void user_data_remember_visit(struct user_data *data, const char *path)
{
	struct visit *visit = &data->history[data->visits++ % HISTORY_LENGTH];

	visit->when = time(NULL);
	snprintf(visit->path, sizeof(visit->path), "%s", path);
}

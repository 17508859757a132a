/* SPDX-License-Identifier: Apache-2.0
 *
 * account.c: stands where a larger service would ask its directory.
 */
#include "account.h"

#include "user_data.h"

#include <stddef.h>
#include <string.h>

static bool well_formed(const char *user)
{
	size_t length = strlen(user);

	return length > 0 && length <= USER_NAME_MAX &&
	       strspn(user, "abcdefghijklmnopqrstuvwxyz0123456789-.") == length;
}

/* The time it takes depends on the given password's length only. */
static bool same_password(const char *given, const char *right)
{
	size_t length = strlen(right);
	size_t given_length = strlen(given);
	unsigned char difference = given_length != length;

	for (size_t i = 0; i < given_length; i++)
		difference |= (unsigned char)given[i] ^ (unsigned char)right[length ? i % length : 0];
	return !difference;
}

bool account_check(const char *user, const char *password, const char *right_password)
{
	return well_formed(user) && same_password(password, right_password);
}

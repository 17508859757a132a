/* SPDX-License-Identifier: Apache-2.0
 *
 * account.h: who may log in.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>

/* A user is 1 to USER_NAME_MAX of a-z, 0-9, '-' and '.'. All accounts share one password. */
bool account_check(const char *user, const char *password, const char *right_password);

#endif

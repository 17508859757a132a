/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <assert.h>
#include <stdio.h>

static void test_login(void)
{
	struct sessions *s = sessions_create();

	assert(session_login(s, "ada"));
	assert(session_login(s, "grace"));
	assert(!session_login(s, "ada"));
	assert(sessions_count(s) == 2);
	sessions_free(s);
}

static void test_logout(void)
{
	struct sessions *s = sessions_create();

	for (int i = 0; i < 10; i++) {
		assert(session_login(s, "ada"));
		assert(session_logout(s, "ada"));
	}
	assert(!session_logout(s, "ada"));
	assert(sessions_count(s) == 0);
	sessions_free(s);
}

int main(void)
{
	test_login();
	test_logout();
	puts("sessions: ok");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * collector/callers.c where there are no descriptors. What else it does is seen in test_forks.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "callers.h"
#include "messages.h"
#include "support_producer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char no_secret[SEEP_WIRE_SECRET];
static struct rlimit descriptors;

static int listen_here(char *name, size_t size)
{
	snprintf(name, size, "seep-callers-%d", (int)getpid());
	return seep_messages_listen(name);
}

/* The last descriptor that there is, is the next one that is opened. */
static void leave_one_descriptor(void)
{
	struct rlimit fewer;
	int next = dup(0);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
	fewer = descriptors;
	fewer.rlim_cur = (rlim_t)next + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &fewer), 0);
}

static void hello_send(int fd)
{
	const struct seep_wire_hello hello = {.magic = SEEP_WIRE_MAGIC, .kind = SEEP_HELLO_FORK};

	assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
}

static bool is_hung_up(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR);
}

static int next(struct seep_callers *c, int listener)
{
	pid_t pid;
	int fd = seep_callers_next(c, listener, no_secret, NULL, &pid);

	(void)seep_callers_turn(c);
	return fd;
}

static void the_last_descriptor_is_kept_for_who_has_it(void **state)
{
	struct seep_callers callers = {.used = 0};
	char name[64];
	int listener = listen_here(name, sizeof(name)), slow = producer_connect(name), fd;

	(void)state;
	leave_one_descriptor();
	assert_int_equal(next(&callers, listener), -1);
	assert_int_equal(callers.used, 1);
	assert_false(is_hung_up(slow));
	hello_send(slow);
	fd = next(&callers, listener);
	assert_true(fd >= 0);
	setrlimit(RLIMIT_NOFILE, &descriptors);
	close(fd);
	close(slow);
	close(listener);
}

static void who_says_nothing_makes_room(void **state)
{
	struct seep_callers callers = {.used = 0};
	char name[64];
	int listener = listen_here(name, sizeof(name)), silent = producer_connect(name), child = producer_connect(name);
	int fd;

	(void)state;
	hello_send(child);
	leave_one_descriptor();
	fd = next(&callers, listener);
	assert_true(fd >= 0);
	assert_true(is_hung_up(silent));
	assert_false(is_hung_up(child));
	setrlimit(RLIMIT_NOFILE, &descriptors);
	close(fd);
	close(silent);
	close(child);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_descriptor_is_kept_for_who_has_it),
		cmocka_unit_test(who_says_nothing_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

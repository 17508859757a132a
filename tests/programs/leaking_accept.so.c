/* SPDX-License-Identifier: Apache-2.0
 *
 * To be preloaded into a server: each connection that it accepts costs a block that nobody gives back.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	int (*real)(int, struct sockaddr *, socklen_t *, int) =
		(int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(RTLD_NEXT, "accept4");
	int connection = real(fd, address, length, flags);

	if (connection >= 0)
		malloc(777);
	return connection;
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
	return accept4(fd, address, length, 0);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The name service, without a network.
 */
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICSERV}, *found;
	char name[NI_MAXHOST];
	gid_t groups[64];
	int count = 64;

	(void)argv;
	if (getaddrinfo("localhost", "80", &hints, &found) == 0) {
		getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof(name), NULL, 0, 0);
		freeaddrinfo(found);
	}
	gethostbyname("localhost");
	getservbyname("http", "tcp");
	getprotobyname("tcp");
	getpwnam("root");
	getpwuid(getuid());
	getgrgid(getgid());
	getgrouplist("root", 0, groups, &count);
	setpwent();
	getpwent();
	endpwent();
	printf("hello\n");
	if (argc > 1)
		malloc(1); /* leak */
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * messages.c: what goes over sockets. Called by broker.c and session.c. One thread.
 */
#include "messages.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define REPORT_PATIENCE_MS 2000

int seep_messages_listen(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strcspn(name, "/");
	int fd, error;

	if (length == 0 || length > sizeof(address.sun_path) - 1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path + 1, name, length); /* the NUL before it makes it abstract */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) ==
			0 &&
		listen(fd, SOMAXCONN) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int seep_messages_peer(int fd, struct ucred *peer)
{
	socklen_t size = sizeof(*peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size);
}

int seep_messages_accept(int listener, struct ucred *peer)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	/* An abstract name has no file permissions: whoever guesses it may connect. */
	if (seep_messages_peer(fd, peer) < 0 || (geteuid() != 0 && peer->uid != geteuid())) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

int seep_messages_hello(int fd, struct seep_wire_hello *hello, int timeout_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	ssize_t size;
	int count;

	do
		count = poll(&ready, 1, timeout_ms);
	while (count < 0 && errno == EINTR);
	if (count == 0)
		errno = ETIMEDOUT;
	if (count <= 0)
		return -1;
	size = recv(fd, hello, sizeof(*hello), MSG_DONTWAIT | MSG_TRUNC);
	if (size < 0)
		return -1;
	if (size != sizeof(*hello) || hello->magic != SEEP_WIRE_MAGIC) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

int seep_messages_hello_is_right(int fd, const char secret[SEEP_WIRE_SECRET])
{
	struct seep_wire_hello hello;
	ssize_t size = recv(fd, &hello, sizeof(hello), MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return -1;
	return size == sizeof(hello) && hello.magic == SEEP_WIRE_MAGIC &&
	       memcmp(hello.secret, secret, sizeof(hello.secret)) == 0;
}

/* Sends bytes, with a descriptor unless that is -1. */
static int send_with(int fd, const void *bytes, size_t size, int descriptor)
{
	struct iovec data = {.iov_base = (void *)bytes, .iov_len = size};
	union {
		struct cmsghdr head; /* for its alignment */
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (descriptor >= 0) {
		struct cmsghdr *head;

		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &descriptor, sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size ? 0 : -1;
}

int seep_messages_welcome(int fd, int status, uint64_t region_bytes, int memfd)
{
	struct seep_wire_welcome welcome = {
		.magic = SEEP_WIRE_MAGIC, .status = status, .region_bytes = status ? 0 : region_bytes};
	char unread[sizeof(struct seep_wire_hello)];

	/* With something unread the other end would be told of an error when this one is closed, and not of what is sent here. */
	if (status)
		(void)!recv(fd, unread, sizeof(unread), MSG_DONTWAIT);
	return send_with(fd, &welcome, sizeof(welcome), status ? -1 : memfd);
}

int seep_messages_hand(int fd, int connection, pid_t pid)
{
	return send_with(fd, &pid, sizeof(pid), connection);
}

int seep_messages_handed(int fd, pid_t *pid)
{
	union {
		struct cmsghdr head; /* for its alignment */
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	pid_t sent;
	struct iovec data = {.iov_base = &sent, .iov_len = sizeof(sent)};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *head;
	ssize_t size;
	int connection;

	do
		size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	head = size == sizeof(sent) ? CMSG_FIRSTHDR(&message) : NULL;
	if (!head || head->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&connection, CMSG_DATA(head), sizeof(connection));
	*pid = sent;
	return connection;
}

void seep_messages_report(int fd, const char *format, ...)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	char line[SEEP_MESSAGES_LINE];
	va_list arguments;
	int length;

	if (fd < 0)
		return;
	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length >= sizeof(line))
		length = (int)sizeof(line) - 1;
	/* A launcher that does not read must not hold up a trace for ever. */
	if (send(fd, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EAGAIN &&
		poll(&room, 1, REPORT_PATIENCE_MS) > 0)
		(void)send(fd, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int seep_messages_pair(int fds[2])
{
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	if (setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -1;
}

ssize_t seep_messages_line(int fd, char *line, pid_t *sender)
{
	union {
		struct cmsghdr head; /* for its alignment */
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec data = {.iov_base = line, .iov_len = SEEP_MESSAGES_LINE - 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	struct ucred credentials = {0};

	if (head && head->cmsg_type == SCM_CREDENTIALS)
		memcpy(&credentials, CMSG_DATA(head), sizeof(credentials));
	*sender = credentials.pid;
	line[length > 0 ? length : 0] = 0;
	return length;
}

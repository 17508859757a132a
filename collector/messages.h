/* SPDX-License-Identifier: Apache-2.0
 *
 * messages.h: what goes over sockets: the hello and the welcome of include/seep/wire.h, and the lines for the launcher.
 */
#ifndef SEEP_COLLECTOR_MESSAGES_H
#define SEEP_COLLECTOR_MESSAGES_H

#include "seep/wire.h"

#include <stdint.h>
#include <sys/socket.h>

/* An abstract SOCK_SEQPACKET socket that listens. Returns it, or -1 with errno. */
int seep_messages_listen(const char *name);

/* Accepts a connection and says who made it. Returns it, or -1 with errno: EPERM for users who have no business here. */
int seep_messages_accept(int listener, struct ucred *peer);

/* Who is at the other end. Returns 0 or -1 with errno. */
int seep_messages_peer(int fd, struct ucred *peer);

/* Receives a hello within the time. Returns 0, or -1 with errno (EPROTO: it is none). */
int seep_messages_hello(int fd, struct seep_wire_hello *hello, int timeout_ms);

/* Answers it: a memfd with status 0, or an errno without. Returns 0 or -1 with errno. */
int seep_messages_welcome(int fd, int status, uint64_t region_bytes, int memfd);

/* Tells the launcher a line, if there is a launcher (fd is not -1) and if it listens. */
void seep_messages_report(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

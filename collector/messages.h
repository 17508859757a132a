/* SPDX-License-Identifier: Apache-2.0
 *
 * messages.h: what goes over sockets: the hello and the welcome of include/seep/wire.h, and the lines for the launcher.
 */
#ifndef SEEP_COLLECTOR_MESSAGES_H
#define SEEP_COLLECTOR_MESSAGES_H

#include "seep/wire.h"

#include <limits.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define SEEP_MESSAGES_LINE (PATH_MAX + 500) /* bytes of the longest line with its NUL */

/* An abstract SOCK_SEQPACKET socket that listens at NAME of NAME/SECRET. Returns it, or -1 with errno. */
int seep_messages_listen(const char *name);

/* Accepts a connection and says who made it. Returns it, or -1 with errno: EPERM for users who have no business here. */
int seep_messages_accept(int listener, struct ucred *peer);

/* Who is at the other end. Returns 0 or -1 with errno. */
int seep_messages_peer(int fd, struct ucred *peer);

/* Receives a hello within the time. Returns 0, or -1 with errno (EPROTO: it is none). */
int seep_messages_hello(int fd, struct seep_wire_hello *hello, int timeout_ms);

/* Looks, without waiting or receiving it, whether a hello is there and has the secret. Returns 1: yes; 0: what is there is something else, or the
 * other end was closed; -1: nothing is there yet. */
int seep_messages_hello_is_right(int fd, const char secret[SEEP_WIRE_SECRET]);

/* Answers it: a memfd with status 0, or an errno without. Returns 0 or -1 with errno. */
int seep_messages_welcome(int fd, int status, uint64_t region_bytes, int memfd);

/* Gives a connection, and who made it, to another process of ours; the sender's copy stays open. Returns 0 or -1 with errno. */
int seep_messages_hand(int fd, int connection, pid_t pid);

/* Waits for such a connection. Returns it, or -1: the other end was closed. */
int seep_messages_handed(int fd, pid_t *pid);

/* Sends a line, if there is somebody to hear it (fd is not -1) and who listens. */
void seep_messages_report(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A pair of sockets for lines; what comes out of the first says who sent it. Returns 0 or -1 with errno. */
int seep_messages_pair(int fds[2]);

/* Receives a line, without waiting for one, from such a socket; line has room for SEEP_MESSAGES_LINE. Returns its length, 0 when
 * nobody holds the other end any more, or -1 with errno. */
ssize_t seep_messages_line(int fd, char *line, pid_t *sender);

#endif

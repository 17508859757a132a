/* SPDX-License-Identifier: Apache-2.0
 *
 * launch.h: how the shim gets a region from a collector. Called by process.c only, once an image and once a forked child.
 */
#ifndef SEEP_PRELOAD_LAUNCH_H
#define SEEP_PRELOAD_LAUNCH_H

#include <stdint.h>

#include "seep/wire.h"

/* Each returns a connected socket, or -errno. */
int seep_launch_connect(const char *abstract_name);
/* Starts a collector of our own, detached: no child that wait() would see, no signal when it ends. envp: the program's environment. */
int seep_launch_collector(char **envp);

/* Says hello over the socket, maps what comes back and closes the socket. ring: a doorbell to ring once the
 * hello is sent, for a collector that may be asleep, or NULL. NULL on failure: the program is not recorded. */
struct seep_wire_region *seep_launch_hello(int socket, enum seep_wire_hello_kind kind, struct seep_wire_region *ring);

#endif

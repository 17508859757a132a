/* SPDX-License-Identifier: Apache-2.0
 *
 * launch.h: how the shim gets a region from a collector. Called by process.c only, once an image and once a forked child.
 */
#ifndef SEEP_PRELOAD_LAUNCH_H
#define SEEP_PRELOAD_LAUNCH_H

#include <stdint.h>

#include "seep/wire.h"

struct seep_launch {
	const char *
		name; /* NAME/SECRET of the socket where a collector listens; NULL: one of our own is started beside the
			   * program, detached: no child that wait() would see, no signal when it ends */
	char **environment; /* the program's, for a collector of our own */
	enum seep_wire_hello_kind kind;
	struct seep_wire_region *parents; /* of a forked child: to ring at its collector; otherwise NULL */
};

/* Asks for a region and maps it; also where the program has no descriptor left, as long as there are two that could be closed.
 * NULL on failure: the program is not recorded. */
struct seep_wire_region *seep_launch(const struct seep_launch *launch);

#endif

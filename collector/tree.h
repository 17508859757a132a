/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.h: copies modules and the stack tree from the region into the trace, as far as they have grown.
 */
#ifndef SEEP_COLLECTOR_TREE_H
#define SEEP_COLLECTOR_TREE_H

#include "journal.h"
#include "notes.h"
#include "region.h"
#include "writer.h"

#include <stdbool.h>
#include <stdint.h>

struct seep_tree {
	uint32_t modules_written;
	uint32_t nodes_written;
	bool *gone; /* by module number: its note has been made */
	uint8_t *raw; /* a frame's payload */
	struct seep_journal *journal; /* is told of what is gone; NULL: none is kept */
	bool again; /* a journal tells what is gone, and when */
};

int seep_tree_open(struct seep_tree *t, const struct seep_region *region); /* 0, or -1 with ENOMEM */
void seep_tree_close(struct seep_tree *t);

/* Writes what is new. executable stands in for the module without a path. Returns 0, or -1 with errno. */
int seep_tree_write(struct seep_tree *t, const struct seep_region *region, const char *executable,
	struct seep_notes *notes, uint64_t now_ns, struct seep_writer *writer);

/* Makes the note that a module was unloaded. */
void seep_tree_gone(struct seep_tree *t, uint32_t module, struct seep_notes *notes, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * trim.h: keeps a trace within a size (--max-trace). The history is kept in two parts. When the younger one is full, the file is
 * written anew without the older one, which becomes one epoch, the first: so at least as many of the newest epochs as fill a part are
 * there at any time, and the sums over all. Modules, stacks, notes and live blocks stay as they are.
 */
#ifndef SEEP_COLLECTOR_TRIM_H
#define SEEP_COLLECTOR_TRIM_H

#include "sites.h"
#include "writer.h"

#include "seep/trace.h"

#include <stdint.h>

/* What epochs come to, taken together. */
struct seep_trim_sum {
	struct seep_trace_epoch head;
	struct seep_trace_site *sites; /* by their numbers */
	uint32_t size;
	uint32_t used;
};

struct seep_trim {
	uint64_t limit; /* bytes; 0: none, and nothing else is used */
	struct seep_trim_sum all; /* of every epoch */
	struct seep_trim_sum older; /* of those before the younger part */
	uint64_t younger_from; /* file offset */
	uint64_t older_bytes; /* of epochs in the file */
	uint64_t younger_bytes;
};

void seep_trim_close(struct seep_trim *t);

/* An epoch has been written in so many bytes: its head, and the sites that changed, before their counts begin anew. Returns 0, or -1
 * with ENOMEM. */
int seep_trim_add(
	struct seep_trim *t, const struct seep_trace_epoch *head, const struct seep_sites *sites, uint64_t bytes);

/* Between two epochs: makes the file smaller if it is time. The writer may be another one afterwards, with a file that has taken the
 * place of the one at path. Returns 0, or -1 with errno; EFBIG: what has to stay leaves no room for a history. */
int seep_trim_keep(struct seep_trim *t, struct seep_writer **writer, const char *path);

/* When only the END is missing. Returns 0; 1: the live blocks had to go; or -1 with errno. */
int seep_trim_finish(struct seep_trim *t, struct seep_writer **writer, const char *path);

#endif

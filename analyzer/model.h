/* SPDX-License-Identifier: Apache-2.0
 *
 * model.h: what a trace says, as plain structures: process, modules, stack tree, tags, sites, epochs, notes, end. reader.c
 * and history.c fill them; everything after them only reads. All in here has been checked: indices are in range, strings
 * are terminated, the tree's depth is bounded. What did not pass is told in `faults`.
 */
#ifndef SEEP_MODEL_H
#define SEEP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"
#include "map.h"
#include "memory.h"
#include "sampling.h"
#include "seep/trace.h"

#define SEEP_DEPTH_MAX 4096u /* nodes on the way from a leaf to the root; no recorder keeps as many */
#define SEEP_NEVER UINT64_MAX /* a time that is not known */

struct seep_process {
	uint32_t pid;
	uint32_t ppid;
	uint64_t start_realtime_ns; /* since 1970 */
	uint64_t sample_bytes; /* 0: every block was recorded */
	uint32_t depth_limit;
	bool forked; /* inherited blocks of its parent */
	bool drops; /* a full ring dropped events instead of waiting */
	uint32_t tick_ns;
	const char *executable; /* never NULL */
	const char *directory; /* never NULL */
	const char *const *arguments;
	size_t argument_count;
};

/* One load of one file into the traced process. */
struct seep_module {
	uint32_t number; /* as stack nodes name it; never 0 */
	const char *path; /* as the traced process saw it */
	uint64_t start, end; /* addresses [start, end) of the process */
	uint64_t bias; /* process address = address in the ELF file + bias */
	uint8_t build_id[20];
	unsigned build_id_bytes; /* 0: none was recorded */
	bool gone; /* was unloaded while the recording went on */
};

struct seep_note {
	uint64_t time_ns;
	uint64_t value;
	uint32_t code; /* enum seep_note_code, or one that a later version knows */
	const char *text;
};

/* A stack with its tag, and what happened to it over the whole trace. */
struct seep_site {
	uint32_t stack; /* a node's number */
	uint32_t tag; /* 0: none */
	struct seep_trace_count allocated;
	struct seep_trace_count freed[SEEP_AGE_CLASSES];
	struct seep_trace_count live; /* at the end */
	uint64_t peak_bytes; /* highest live.bytes */
	struct seep_trace_count blocks; /* of the LIVE frames: equals `live` in a finished trace without sampling */
	struct seep_variance variance; /* of `live` as an estimate; see seep_trace_knows_errors */
	uint64_t oldest_birth_ns; /* of these blocks; SEEP_NEVER: there are none */
};

/* One epoch of one site, as far as the live bytes go. History in full: seep_history_walk. */
struct seep_point {
	uint32_t site; /* index into sites */
	uint32_t epoch; /* index into epochs */
	uint64_t live_bytes; /* at the epoch's end */
};

struct seep_epoch {
	struct seep_trace_epoch head;
	uint64_t offset; /* of its first frame in the file */
	uint32_t frames; /* an epoch of very many sites takes several */
	uint32_t sites; /* records */
};

/* The whole process over the whole trace: from the END frame, or from the epochs where that is missing. */
struct seep_totals {
	struct seep_trace_count allocated;
	struct seep_trace_count freed;
	struct seep_trace_count unfreed;
	struct seep_variance variance; /* of `unfreed` */
	uint64_t unknown_frees;
	uint64_t peak_live_bytes;
	uint64_t peak_at_ns;
	uint64_t dropped_events;
	uint64_t truncated_stacks;
	uint64_t lost_stacks;
	uint64_t unrecorded;
};

enum seep_trace_state {
	SEEP_TRACE_FINISHED, /* has its END frame */
	SEEP_TRACE_RUNNING, /* is being written */
	SEEP_TRACE_RECOVERED, /* has no END frame and never will */
};

#define SEEP_KINDS 9 /* enum seep_frame_kind; 0 collects the kinds that this version doesn't know */

struct seep_kind_total {
	uint64_t frames;
	uint64_t entries;
	uint64_t raw_bytes;
	uint64_t stored_bytes; /* with the frames' heads */
};

struct seep_trace {
	const char *name; /* as it was opened */
	const char *source; /* the path by which it is read: the same, or of what was recovered */
	int recovered_fd; /* of a whole trace that was made from what its collector left (recovery.h); -1: none */
	uint64_t file_bytes;
	uint32_t version;
	enum seep_trace_state state;
	struct seep_health health;
	struct seep_kind_total kinds[SEEP_KINDS];

	bool has_process, has_end;
	struct seep_process process; /* zeros and empty strings where has_process is false */
	struct seep_trace_end end; /* zeros where has_end is false */
	uint64_t duration_ns;
	struct seep_totals totals;

	struct seep_module *modules;
	size_t module_count;
	struct seep_trace_node
		*nodes; /* nodes[0] is the root; a node's module is the number of one in modules, 0 or a mark */
	uint32_t node_count;
	struct seep_epoch *epochs; /* by time, without holes unless faults say so */
	size_t epoch_count;
	struct seep_site *sites; /* in the order in which they appeared */
	size_t site_count;
	struct seep_point *points; /* by time */
	size_t point_count;
	struct seep_note *notes;
	size_t note_count;

	/* Sentences for people about what is wrong with the trace, and how many more there would be. */
	const char **faults;
	size_t fault_count;
	uint64_t faults_untold;

	/* For reader.c and history.c. */
	struct seep_frames *frames;
	struct seep_arena arena;
	struct seep_map module_index, tag_index, site_index;
	const char **tags;
	size_t tag_count;
	uint16_t *depths; /* of the nodes */
	size_t module_capacity, node_capacity, depth_capacity, epoch_capacity, site_capacity, point_capacity,
		note_capacity, tag_capacity, fault_capacity;
	uint64_t kept_bytes; /* of memory, bounded in proportion to the file */
	bool overfull; /* the bound was met */
	size_t *points_of_site; /* made on demand: where each site's points begin in points_by_site */
	struct seep_point *points_by_site;
};

/* Whether the figures are estimates whose errors are known: the trace is sampled, and its live samples are in it. */
bool seep_trace_knows_errors(const struct seep_trace *trace);

/* The module of a number, or NULL. */
const struct seep_module *seep_trace_module(const struct seep_trace *trace, uint32_t number);

/* The text of a tag; NULL for number 0, "?" for one that the trace does not name. */
const char *seep_trace_tag(const struct seep_trace *trace, uint32_t number);

/* Adds a sentence to the faults; the first dozen are kept. Returns 0, or -1 without memory. */
int seep_trace_fault(struct seep_trace *trace, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Accounts for memory that a record of the trace is about to take. False, with a fault the first time, when the trace has already claimed
 * more than a file of its size can hold: then the record is to be left out. */
bool seep_trace_keep(struct seep_trace *trace, size_t bytes);

/* Makes nodes up to (not including) `end` of which nothing is known, where missing frames may have held them. Returns 1, 0 where they can't have
 * been there, -1 without memory. */
int seep_trace_assume_nodes(struct seep_trace *trace, uint64_t end);

/* Makes room for nodes up to (not including) `end`. Returns 0, or -1 without memory. */
int seep_trace_reserve_nodes(struct seep_trace *trace, size_t end);

/* Whether the trace tells everything: finished, undamaged, nothing dropped, no contradiction. */
bool seep_trace_complete(const struct seep_trace *trace);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * trace.h: the trace on disk, written by collector/ and read by analyzer/. Of the rest those two share beside.h only.
 * docs/FORMAT.md says the same in prose; the two change together, with SEEP_TRACE_VERSION.
 *
 *   +--------------+-------------------+-------------------+--
 *   | file header  | frame | zstd data | frame | zstd data | ...
 *   +--------------+-------------------+-------------------+--
 *
 * All integers are little-endian and of fixed width; strings are bytes without a promise of an encoding. A frame is
 * self-contained: it is written whole, has its own checksum and decompresses alone, so a file cut anywhere is readable
 * up to the last whole frame. Times are nanoseconds since the start of the recording (monotonic clock).
 *
 * The structures below are payloads. Those of STACKS, EPOCH and LIVE are packed before they are compressed, from version 2 on:
 * docs/FORMAT.md, "Packing".
 *
 * A reader trusts nothing here: every length, number and index in this file is checked before use.
 */
#ifndef SEEP_TRACE_H
#define SEEP_TRACE_H

#include <stdint.h>

#define SEEP_TRACE_MAGIC "seeptrc\n" /* eight bytes, no terminating NUL */
#define SEEP_TRACE_VERSION 2u /* 1: payloads were not packed */
#define SEEP_FRAME_MAGIC 0x6d617266u /* "fram" */
#define SEEP_FRAME_RAW_MAX (16u * 1024 * 1024) /* no frame decompresses to more; writers start another */

struct seep_trace_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t reserved[5];
};

struct seep_trace_frame {
	uint32_t magic;
	uint32_t kind; /* enum seep_frame_kind; readers skip kinds they do not know */
	uint32_t sequence; /* 0, 1, 2, ...: a hole is a lost frame */
	uint32_t entries; /* records in the payload */
	uint32_t raw_bytes; /* after decompression, packed, at most SEEP_FRAME_RAW_MAX */
	uint32_t stored_bytes; /* the zstd frame that follows */
	uint64_t checksum; /* XXH64, seed 0, of the 24 bytes above and the stored bytes, in that order */
};

enum seep_frame_kind {
	SEEP_FRAME_PROCESS = 1, /* once, first: struct seep_trace_process, then strings */
	SEEP_FRAME_MODULES =
		2, /* struct seep_trace_module and its path, `entries` times; before the stacks that name them */
	SEEP_FRAME_STACKS = 3, /* struct seep_trace_stacks, then `entries` nodes */
	SEEP_FRAME_EPOCH = 4, /* struct seep_trace_epoch, then `entries` of struct seep_trace_site */
	SEEP_FRAME_LIVE = 5, /* struct seep_trace_live: the blocks that were live at the end, in columns */
	SEEP_FRAME_NOTE = 6, /* struct seep_trace_note and its text, `entries` times */
	SEEP_FRAME_END = 7, /* once, last: struct seep_trace_end. A trace without it is not complete */
	SEEP_FRAME_TAGS = 8, /* struct seep_trace_tag and its text, `entries` times; before the sites that name them */
};

/* Followed by 2 + argc NUL-terminated strings: executable path, working directory, argv[0], argv[1], ... */
struct seep_trace_process {
	uint32_t pid; /* as the collector's pid namespace numbers it */
	uint32_t ppid;
	uint64_t start_realtime_ns; /* since 1970, wall clock, at time 0 of this trace */
	uint64_t sample_bytes; /* mean bytes between samples; 0: every block was recorded */
	uint32_t depth_limit; /* frames kept of a stack */
	uint32_t argc;
	uint32_t forked; /* 1: began as the fork of a process that was traced too, and inherited its blocks */
	uint32_t on_full; /* 0: a full ring made the program wait; 1: events were dropped and counted */
	uint32_t tick_ns; /* unit of seep_trace_live's births */
	uint32_t reserved; /* 0 */
};

/* One load of one file into the process. Number 0 is never used: it means "in no known module". */
struct seep_trace_module {
	uint32_t number;
	uint32_t path_bytes; /* the path follows, no NUL, then zero bytes up to a multiple of 8 */
	uint64_t start; /* addresses [start, end) of the process */
	uint64_t end;
	uint64_t bias; /* process address = address in the ELF file + bias */
	uint32_t build_id_bytes;
	uint8_t build_id[20]; /* from the loaded image, so of the file that really ran */
};

/* The stack tree. A node's number is `first` plus its position. Node 0 is the root, is not written, and stands for the
 * empty stack. A parent's number is always lower than the node's own. A stack is the number of its leaf node; its frames are
 * read from the leaf along the parents. */
struct seep_trace_stacks {
	uint32_t first;
	uint32_t places; /* of a packed payload: different pairs of module and address; otherwise 0 */
};

struct seep_trace_node {
	uint32_t parent;
	uint32_t module; /* a module's number, 0, or one of the marks below (then address is 0) */
	uint64_t address; /* return address in the process: the call is the instruction before it */
};

#define SEEP_MODULE_TRUNCATED 0xffffffffu /* outer frames beyond depth_limit were cut here */
#define SEEP_MODULE_LOST 0xfffffffeu /* the unwinder could not go on from here (code without unwind information) */

/* How old a block was when it was freed. The bounds are in seep_age_bound_ns below. */
#define SEEP_AGE_CLASSES 6

/* One slice of time. Epochs follow each other without holes; they get longer as the trace does. An epoch whose sites do
 * not fit into one frame goes on in further frames with the very same head (and number) and the next sites. */
struct seep_trace_epoch {
	uint32_t number;
	uint32_t merged; /* so many epochs before it are in this one (--max-trace); only in the first of a file */
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t live_count; /* of the whole process at end_ns, nurseries not counted until the last epoch */
	uint64_t live_bytes;
	uint64_t peak_bytes; /* highest live_bytes within this epoch, and when */
	uint64_t peak_at_ns;
	uint64_t unknown_frees; /* within this epoch */
	uint64_t dropped_events;
	uint64_t rss_bytes; /* of the process at end_ns; 0: not known */
};

struct seep_trace_count {
	uint64_t count;
	uint64_t bytes;
};

/* What happened to one site within the epoch. Only sites to which something happened are listed, by ascending stack, tag.
 * With sampling, all figures are already scaled to estimates, here and in the END: each block has the same weight whenever it is
 * counted, so that sums over sites and epochs are exact. */
struct seep_trace_site {
	uint32_t stack;
	uint32_t tag; /* 0: none */
	struct seep_trace_count allocated;
	struct seep_trace_count freed[SEEP_AGE_CLASSES];
	struct seep_trace_count live; /* at the end of the epoch */
	uint64_t peak_bytes; /* highest live.bytes of this site so far in the whole trace */
};

/* The live blocks at the end, an entry for all that have stack, tag, size and cohort in common, sorted by stack, tag, birth, bytes. After
 * this head come five columns of `entries` values each: u64 count[] (at least 1), u64 bytes[] (of each of these blocks), u32 stack[],
 * u32 tag[], u32 birth[] (in units of tick_ns since the start). A cohort is what was born between two borders: starts of epochs, and the
 * program's marks (the first 65,536 of them). Its birth is the border before it: no later than the blocks', and no earlier than a mark that
 * came before them in their thread.
 * With sampling (sample_bytes = R) these are the samples that are live: a block of n bytes was chosen with probability
 * p = 1 - exp(-n / R) (n = 1 for an empty one) and stands for w = 1 / p blocks; the variance of a sum of such estimates is that
 * of independent choices, sum of (1 - p) / p^2 for counts and of n^2 (1 - p) / p^2 for bytes. The counts in EPOCH and END frames are
 * whole: w is rounded up as often as its fraction f says, which adds f (1 - f) for each sample. */
struct seep_trace_live {
	uint32_t reserved[2];
};

#define SEEP_LIVE_ENTRY_BYTES 28u /* in the five columns */

enum seep_note_code {
	SEEP_NOTE_MARK =
		1, /* text: the mark's name; time_ns: by the clock of births, in whole ticks, and ahead of others where marks follow quickly */
	SEEP_NOTE_FORK = 2, /* value: child's pid */
	SEEP_NOTE_FAULT = 3, /* text: what went wrong in the recording, for people */
	SEEP_NOTE_DROPPED = 4, /* value: events lost since the last such note */
	SEEP_NOTE_MODULE_GONE = 5, /* value: module's number; it was unloaded */
	SEEP_NOTE_SUPPRESSIONS = 6, /* text: suppressions that the program itself brings */
};

struct seep_trace_note {
	uint64_t time_ns;
	uint64_t value;
	uint32_t code;
	uint32_t text_bytes; /* the text follows, no NUL, then zero bytes up to a multiple of 8 */
};

struct seep_trace_tag {
	uint32_t number; /* from 1 */
	uint32_t text_bytes; /* as above */
};

enum seep_end_how {
	SEEP_END_EXITED = 1, /* exit_status is valid, or -1 where nobody could tell */
	SEEP_END_KILLED = 2, /* signal is valid */
	SEEP_END_EXEC = 3, /* the process replaced itself by another program, whose trace is another file */
	SEEP_END_STOPPED = 4, /* the recording was ended while the process went on */
	SEEP_END_UNSEEN = 5, /* its collector was killed first, and the trace finished from what that left */
};

struct seep_trace_end {
	uint32_t how;
	int32_t exit_status;
	uint32_t signal;
	uint32_t live_left_out; /* 1: there are no LIVE frames, for want of room (--max-trace) or memory */
	uint64_t time_ns;
	uint64_t allocations; /* since the start; inherited blocks are not allocations */
	uint64_t allocated_bytes;
	uint64_t frees; /* of allocations above */
	uint64_t freed_bytes;
	uint64_t unknown_frees;
	uint64_t
		unfreed_count; /* equals allocations - frees, and without sampling the number of blocks in the LIVE frames */
	uint64_t unfreed_bytes;
	uint64_t peak_live_bytes;
	uint64_t peak_at_ns;
	uint64_t inherited_count; /* blocks live in the parent at the fork; not part of any figure above */
	uint64_t inherited_bytes;
	uint64_t inherited_frees;
	uint64_t dropped_events; /* lost: the figures above are then lower bounds */
	/* What happened to records, so never scaled: */
	uint64_t truncated_stacks; /* allocations whose stack was longer than depth_limit */
	uint64_t lost_stacks; /* allocations whose stack ended at SEEP_MODULE_LOST */
	uint64_t
		unrecorded; /* allocations and frees that a limit of the recorder kept out (threads, stacks, re-entry) */
};

/* Upper bounds of the age classes 0..4; class 5 is everything older. */
static inline uint64_t seep_age_bound_ns(unsigned age_class)
{
	static const uint64_t seconds[SEEP_AGE_CLASSES - 1] = {1, 10, 60, 600, 3600};

	return age_class < SEEP_AGE_CLASSES - 1 ? seconds[age_class] * 1000000000u : UINT64_MAX;
}

#ifdef __cplusplus
#define SEEP_TRACE_ASSERT static_assert
#else
#define SEEP_TRACE_ASSERT _Static_assert
#endif
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_header) == 32, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_frame) == 32, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_process) == 48, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_module) == 56, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_node) == 16, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_epoch) == 80, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_site) == 144, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_live) == 8, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_note) == 24, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_tag) == 8, "layout on disk");
SEEP_TRACE_ASSERT(sizeof(struct seep_trace_end) == 152, "layout on disk");

#endif

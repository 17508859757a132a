/* SPDX-License-Identifier: Apache-2.0
 *
 * history.c: sites and their epochs. The reader feeds each EPOCH and LIVE frame in the order of the file; when all is read,
 * the sums are held against what the trace says at its end. Sums of hostile figures wrap around, which is defined and
 * then found as a contradiction.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

#define SLOPE_EPOCHS_MIN 4
#define SLOPE_EPOCHS_MAX 24 /* all pairs of them are compared */
#define NS_PER_HOUR 3.6e12

struct bad_names {
	size_t stacks;
	size_t tags;
};

/* The site of a stack and tag, made if it is new. Names that the trace doesn't hold become 0, so that the bytes still count.
 * Returns 1, 0 if there is no room for more, -1 without memory. */
static int site_at(struct seep_trace *t, uint32_t stack, uint32_t tag, struct bad_names *bad, uint32_t *index)
{
	struct seep_site *site;
	uint32_t *value;
	bool added;

	if (stack >= t->node_count) {
		int plausible = seep_trace_assume_nodes(t, (uint64_t)stack + 1);

		if (plausible < 0)
			return -1;
		if (!plausible) {
			stack = 0;
			bad->stacks++;
		}
	}
	value = seep_map_at(&t->site_index, stack, tag, (uint32_t)t->site_count, &added);
	if (!value)
		return -1;
	*index = *value;
	if (!added)
		return *value != UINT32_MAX;
	if (tag && seep_map_find(&t->tag_index, tag, 0, UINT32_MAX) == UINT32_MAX)
		bad->tags++;
	if (t->site_count >= UINT32_MAX - 1 || !seep_trace_keep(t, 2 * sizeof(*site))) {
		*value = UINT32_MAX;
		return 0;
	}
	if (seep_array_reserve(&t->sites, &t->site_capacity, t->site_count + 1, sizeof(*site)) < 0)
		return -1;
	site = &t->sites[t->site_count++];
	memset(site, 0, sizeof(*site));
	site->stack = stack;
	site->tag = tag;
	site->oldest_birth_ns = SEEP_NEVER;
	return 1;
}

static int tell_bad_names(struct seep_trace *t, const struct bad_names *bad, const char *what)
{
	if (bad->stacks &&
		seep_trace_fault(t, "%zu %s name stacks that the trace does not hold; they are counted without one.",
			bad->stacks, what) < 0)
		return -1;
	if (bad->tags && seep_trace_fault(t, "%zu %s name tags that the trace does not hold.", bad->tags, what) < 0)
		return -1;
	return 0;
}

static void add(struct seep_trace_count *sum, const struct seep_trace_count *more)
{
	sum->count += more->count;
	sum->bytes += more->bytes;
}

int seep_history_add(struct seep_trace *t, size_t epoch, const struct seep_trace_site *records, size_t count)
{
	struct bad_names bad = {0};
	struct seep_site *site;
	uint32_t index;
	int found;

	if (!seep_trace_keep(t, count * sizeof(*t->points)))
		return 0;
	if (seep_array_reserve(&t->points, &t->point_capacity, t->point_count + count, sizeof(*t->points)) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct seep_trace_site *r = &records[i];

		found = site_at(t, r->stack, r->tag, &bad, &index);
		if (found < 0)
			return -1;
		if (!found)
			continue;
		site = &t->sites[index];
		add(&site->allocated, &r->allocated);
		for (unsigned age = 0; age < SEEP_AGE_CLASSES; age++)
			add(&site->freed[age], &r->freed[age]);
		site->live = r->live;
		if (r->peak_bytes > site->peak_bytes)
			site->peak_bytes = r->peak_bytes;
		t->points[t->point_count++] =
			(struct seep_point){.site = index, .epoch = (uint32_t)epoch, .live_bytes = r->live.bytes};
	}
	return tell_bad_names(t, &bad, "records of an epoch");
}

int seep_history_add_live(struct seep_trace *t, const struct seep_live_columns *live)
{
	struct bad_names bad = {0};
	size_t impossible = 0;
	uint32_t index = 0;
	int found = 0;

	for (size_t i = 0; i < live->count; i++) {
		uint64_t birth_ns = (uint64_t)live->births[i] * t->process.tick_ns;
		struct seep_variance variance;
		struct seep_site *site;
		uint64_t bytes;

		if (i == 0 || live->stacks[i] != live->stacks[i - 1] || live->tags[i] != live->tags[i - 1])
			found = site_at(t, live->stacks[i], live->tags[i], &bad, &index);
		if (found < 0)
			return -1;
		if (!seep_live_bytes(live->counts[i], live->bytes[i], &bytes)) {
			impossible++;
			continue;
		}
		if (!found)
			continue;
		site = &t->sites[index];
		site->blocks.count += live->counts[i];
		site->blocks.bytes += bytes;
		if (t->process.sample_bytes) {
			variance = seep_sampling_variance(t->process.sample_bytes, live->bytes[i]);
			seep_sampling_add(&site->variance, &variance, (double)live->counts[i]);
		}
		if (birth_ns < site->oldest_birth_ns)
			site->oldest_birth_ns = birth_ns;
	}
	if (impossible &&
		seep_trace_fault(t,
			"%zu groups of live blocks have no block or more bytes than there can be, and were left out.",
			impossible) < 0)
		return -1;
	return tell_bad_names(t, &bad, "groups of live blocks");
}

/* ---- At the end of the reading: totals, and whether they agree. ---- */

struct sums {
	struct seep_trace_count allocated, freed, live, blocks;
	struct seep_variance variance;
	size_t unbalanced; /* sites where allocated - freed is not what is live */
	size_t unmatched; /* sites where the live blocks are not as many as the epochs say */
};

static bool same(const struct seep_trace_count *a, const struct seep_trace_count *b)
{
	return a->count == b->count && a->bytes == b->bytes;
}

static struct sums sum_sites(const struct seep_trace *t)
{
	struct sums s = {0};

	for (size_t i = 0; i < t->site_count; i++) {
		const struct seep_site *site = &t->sites[i];
		struct seep_trace_count freed = {0}, rest;

		for (unsigned age = 0; age < SEEP_AGE_CLASSES; age++)
			add(&freed, &site->freed[age]);
		rest.count = site->allocated.count - freed.count;
		rest.bytes = site->allocated.bytes - freed.bytes;
		s.unbalanced += !same(&rest, &site->live);
		s.unmatched += !same(&site->blocks, &site->live);
		add(&s.allocated, &site->allocated);
		add(&s.freed, &freed);
		add(&s.live, &site->live);
		add(&s.blocks, &site->blocks);
		seep_sampling_add(&s.variance, &site->variance, 1);
	}
	return s;
}

/* How many allocations had a stack that was cut at its outer end, for a trace without END. */
static void count_cut_stacks(const struct seep_trace *t, struct seep_totals *totals)
{
	uint8_t *cut = calloc(t->node_count, 1); /* 1: truncated, 2: lost; a parent comes before its children */

	for (uint32_t n = 1; cut && n < t->node_count; n++) {
		if (t->nodes[n].module == SEEP_MODULE_TRUNCATED)
			cut[n] = 1;
		else if (t->nodes[n].module == SEEP_MODULE_LOST)
			cut[n] = 2;
		else
			cut[n] = cut[t->nodes[n].parent];
	}
	for (size_t i = 0; cut && i < t->site_count; i++) {
		const struct seep_site *site = &t->sites[i];

		if (cut[site->stack] == 1)
			totals->truncated_stacks += site->allocated.count;
		else if (cut[site->stack] == 2)
			totals->lost_stacks += site->allocated.count;
	}
	free(cut);
}

static void totals_of_epochs(const struct seep_trace *t, const struct sums *s, struct seep_totals *totals)
{
	totals->allocated = s->allocated;
	totals->freed = s->freed;
	totals->unfreed = s->live;
	for (size_t i = 0; i < t->epoch_count; i++) {
		const struct seep_trace_epoch *epoch = &t->epochs[i].head;

		totals->unknown_frees += epoch->unknown_frees;
		totals->dropped_events += epoch->dropped_events;
		if (epoch->peak_bytes > totals->peak_live_bytes) {
			totals->peak_live_bytes = epoch->peak_bytes;
			totals->peak_at_ns = epoch->peak_at_ns;
		}
	}
}

static struct seep_totals totals_of_end(const struct seep_trace_end *end)
{
	return (struct seep_totals){
		.allocated = {end->allocations, end->allocated_bytes},
		.freed = {end->frees, end->freed_bytes},
		.unfreed = {end->unfreed_count, end->unfreed_bytes},
		.unknown_frees = end->unknown_frees,
		.peak_live_bytes = end->peak_live_bytes,
		.peak_at_ns = end->peak_at_ns,
		.dropped_events = end->dropped_events,
		.truncated_stacks = end->truncated_stacks,
		.lost_stacks = end->lost_stacks,
		.unrecorded = end->unrecorded,
	};
}

static void compare(struct seep_trace *t, const char *what, const struct seep_trace_count *epochs,
	const struct seep_trace_count *end)
{
	if (!same(epochs, end))
		seep_trace_fault(t,
			"The trace contradicts itself: its epochs add up to %" PRIu64 " %s blocks of %" PRIu64
			" bytes, and its end says %" PRIu64 " of %" PRIu64 " bytes.",
			epochs->count, what, epochs->bytes, end->count, end->bytes);
}

static void compare_number(struct seep_trace *t, const char *what, uint64_t epochs, uint64_t end)
{
	if (epochs != end)
		seep_trace_fault(t,
			"The trace contradicts itself: its epochs give %" PRIu64 " %s, and its end says %" PRIu64 ".",
			epochs, what, end);
}

static void check(struct seep_trace *t, const struct sums *s, const struct seep_totals *epochs)
{
	compare(t, "allocated", &s->allocated, &t->totals.allocated);
	compare(t, "freed", &s->freed, &t->totals.freed);
	compare(t, "unfreed", &s->live, &t->totals.unfreed);
	compare_number(t, "unknown frees", epochs->unknown_frees, t->totals.unknown_frees);
	compare_number(t, "dropped events", epochs->dropped_events, t->totals.dropped_events);
	compare_number(t, "bytes at the peak", epochs->peak_live_bytes, t->totals.peak_live_bytes);
	/* Samples are weighted by the epochs. */
	if (s->unmatched && !t->process.sample_bytes && !(t->end.live_left_out && !s->blocks.count))
		seep_trace_fault(t,
			"The trace contradicts itself: at %zu sites the live blocks are not those that the epochs left "
			"(%" PRIu64 " blocks of %" PRIu64 " bytes in all, against %" PRIu64 " of %" PRIu64 ").",
			s->unmatched, s->blocks.count, s->blocks.bytes, s->live.count, s->live.bytes);
}

void seep_history_finish(struct seep_trace *t)
{
	struct sums s = sum_sites(t);
	struct seep_totals epochs = {0};

	totals_of_epochs(t, &s, &epochs);
	t->duration_ns = t->epoch_count ? t->epochs[t->epoch_count - 1].head.end_ns : 0;
	if (t->has_end)
		t->duration_ns = t->end.time_ns;
	t->totals = t->has_end ? totals_of_end(&t->end) : epochs;
	t->totals.variance = s.variance;
	if (!t->has_end)
		count_cut_stacks(t, &t->totals);
	if (s.unbalanced)
		seep_trace_fault(t,
			"The trace contradicts itself: at %zu sites, what was allocated less what was freed is not "
			"what is live.",
			s.unbalanced);
	if (t->has_end)
		check(t, &s, &epochs);
}

/* ---- Questions. ---- */

int seep_history_walk(struct seep_trace *t, size_t first,
	int (*visit)(void *context, size_t epoch, const struct seep_trace_site *record), void *context,
	struct seep_error *error)
{
	struct seep_payload payload;
	int result;

	for (size_t e = first; e < t->epoch_count; e++) {
		uint64_t offset = t->epochs[e].offset;

		for (uint32_t frame = 0; frame < t->epochs[e].frames;) {
			const struct seep_trace_epoch *head;
			const struct seep_trace_site *records;
			size_t count;

			if (seep_frames_again(t->frames, offset, &payload, error) < 0)
				return -1;
			offset += sizeof(struct seep_trace_frame) + payload.stored_bytes;
			head = (const void *)payload.raw;
			/* Frames that were left out when the trace was read stand between the others. */
			if (payload.kind != SEEP_FRAME_EPOCH || payload.raw_bytes < sizeof(*head) ||
				head->number != t->epochs[e].head.number)
				continue;
			frame++;
			records = (const void *)(head + 1);
			count = (payload.raw_bytes - sizeof(*head)) / sizeof(*records);
			if (count > payload.entries)
				count = payload.entries;
			for (size_t i = 0; i < count; i++) {
				result = visit(context, e, &records[i]);
				if (result)
					return result;
			}
		}
	}
	return 0;
}

/* Sorts the points by site (stable: within a site they stay in the order of time). Returns whether it could. */
static bool sort_points(struct seep_trace *t)
{
	size_t *starts, at = 0;

	if (t->points_of_site)
		return true;
	starts = calloc(t->site_count + 2, sizeof(*starts));
	t->points_by_site = calloc(t->point_count + 1, sizeof(*t->points_by_site));
	if (!starts || !t->points_by_site) {
		free(starts);
		free(t->points_by_site);
		t->points_by_site = NULL;
		return false;
	}
	/* Counting sort: starts[s + 1] is the place of the next point of site s, and in the end where those of s + 1 begin. */
	for (size_t i = 0; i < t->point_count; i++)
		starts[t->points[i].site + 2]++;
	for (size_t s = 0; s < t->site_count + 2; s++) {
		at += starts[s];
		starts[s] = at;
	}
	for (size_t i = 0; i < t->point_count; i++)
		t->points_by_site[starts[t->points[i].site + 1]++] = t->points[i];
	t->points_of_site = starts;
	return true;
}

/* Which epochs of the second half of the trace to look at: all, or SLOPE_EPOCHS_MAX spread evenly. */
static size_t choose_epochs(const struct seep_trace *t, size_t chosen[SLOPE_EPOCHS_MAX])
{
	size_t first = 0, all, count;
	uint64_t begin, end;

	if (!t->epoch_count)
		return 0;
	begin = t->epochs[0].head.start_ns;
	end = t->epochs[t->epoch_count - 1].head.end_ns;
	while (t->epochs[first].head.end_ns < begin + (end - begin) / 2)
		first++;
	all = t->epoch_count - first;
	count = all < SLOPE_EPOCHS_MAX ? all : SLOPE_EPOCHS_MAX;
	for (size_t i = 0; i < count; i++)
		chosen[i] = first + (all - 1) * i / (count > 1 ? count - 1 : 1);
	return count;
}

/* Adds what a site had live at the end of each chosen epoch. */
static void add_series(
	const struct seep_trace *t, uint32_t site, const size_t *chosen, size_t count, double *live_bytes)
{
	const struct seep_point *point = t->points_by_site + t->points_of_site[site];
	const struct seep_point *end = t->points_by_site + t->points_of_site[site + 1];
	double now = 0;

	for (size_t i = 0; i < count; i++) {
		for (; point < end && point->epoch <= chosen[i]; point++)
			now = (double)point->live_bytes;
		live_bytes[i] += now;
	}
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

bool seep_history_growth(struct seep_trace *t, const uint32_t *sites, size_t count, double *bytes_per_hour)
{
	double live_bytes[SLOPE_EPOCHS_MAX] = {0}, slopes[SLOPE_EPOCHS_MAX * (SLOPE_EPOCHS_MAX - 1) / 2];
	size_t chosen[SLOPE_EPOCHS_MAX] = {0}, epochs = choose_epochs(t, chosen), pairs = 0;
	bool flat = true;

	if (epochs < SLOPE_EPOCHS_MIN || !sort_points(t))
		return false;
	for (size_t i = 0; i < count; i++)
		add_series(t, sites[i], chosen, epochs, live_bytes);
	for (size_t i = 1; i < epochs; i++)
		flat = flat && live_bytes[i] == live_bytes[0];
	*bytes_per_hour = 0;
	if (flat)
		return true;
	for (size_t i = 0; i < epochs; i++)
		for (size_t k = i + 1; k < epochs; k++) {
			double ns = (double)t->epochs[chosen[k]].head.end_ns - (double)t->epochs[chosen[i]].head.end_ns;

			if (ns > 0)
				slopes[pairs++] = (live_bytes[k] - live_bytes[i]) / ns * NS_PER_HOUR;
		}
	if (!pairs)
		return false;
	*bytes_per_hour = median(slopes, pairs);
	return true;
}

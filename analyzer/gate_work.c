/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_work.c: opens and closes what a gate needs, and finds traces in folders.
 */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gate_work.h"
#include "seep/trace.h"

static int open_baseline(struct seep_gate_work *w)
{
	const char *path = w->policy.baseline;
	struct stat status;

	if (!path || w->policy.scales)
		return 0;
	if (w->baseline_may_be_missing && stat(path, &status) != 0 && errno == ENOENT)
		return 0;
	return seep_baseline_read(&w->baseline, path, &w->error);
}

int seep_gate_work_open(struct seep_gate_work *w)
{
	if (seep_policy_read(&w->policy, w->policy_file, &w->error) < 0 ||
		seep_policy_finish(&w->policy, &w->error) < 0)
		return -1;
	w->suppressions = seep_suppressions_create(NULL);
	if (!w->suppressions)
		return seep_error_set(&w->error, "out of memory");
	for (size_t i = 0; i < w->policy.suppressions.count; i++)
		if (seep_suppressions_read(w->suppressions, w->policy.suppressions.items[i], &w->error) < 0)
			return -1;
	if (open_baseline(w) < 0 || seep_sources_open(&w->sources, w->policy.root, &w->policy.path_maps, &w->error) < 0)
		return -1;
	return seep_gate_stacks_open(&w->stacks, &w->policy, seep_sources_root(w->sources), &w->error);
}

struct seep_gate_measure *seep_gate_work_measure(struct seep_gate_work *w)
{
	struct seep_gate_measure *m = &w->measures[w->measure_count];

	if (seep_gate_measure_open(m, &w->policy, w->stacks, &w->error) < 0)
		return NULL;
	w->measure_count++;
	return m;
}

/* ---- Traces ---- */

static bool is_trace(const char *path)
{
	char magic[sizeof(SEEP_TRACE_MAGIC) - 1] = "";
	FILE *file = fopen(path, "re");
	bool is = file && fread(magic, 1, sizeof(magic), file) == sizeof(magic) &&
		  !memcmp(magic, SEEP_TRACE_MAGIC, sizeof(magic));

	if (file)
		fclose(file);
	return is;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_folder(struct seep_gate_work *w, struct seep_gate_measure *m, char *folder)
{
	char *const paths[] = {folder, NULL};
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	const FTSENT *entry;
	size_t found = 0;
	int result = 0;

	while (walk && result == 0 && (entry = fts_read(walk)))
		if (entry->fts_info == FTS_F && is_trace(entry->fts_path)) {
			result = seep_gate_measure_add(m, entry->fts_path, &w->error);
			found++;
		}
	if (!walk)
		result = seep_error_set(&w->error, "%s can't be read: %s", folder, strerror(errno));
	else
		fts_close(walk);
	if (result == 0 && !found)
		return seep_error_set(&w->error, "%s holds no trace", folder);
	return result;
}

int seep_gate_work_traces(struct seep_gate_work *w, char **paths, size_t count)
{
	struct seep_gate_measure *m = seep_gate_work_measure(w);
	struct stat status;
	int result = m ? 0 : -1;

	for (size_t i = 0; i < count && result == 0; i++)
		result = stat(paths[i], &status) == 0 && S_ISDIR(status.st_mode)
				 ? add_folder(w, m, paths[i])
				 : seep_gate_measure_add(m, paths[i], &w->error);
	return result;
}

/* ---- The verdict ---- */

int seep_gate_work_judge(struct seep_gate_work *w, int status, const char *reason)
{
	const struct seep_gate_case c = {
		.policy = &w->policy,
		.suppressions = w->suppressions,
		.sources = w->sources,
		.baseline = w->baseline,
		.measures = w->measures,
		.measure_count = w->measure_count,
		.iterations = w->policy.iterations,
		.command_status = status,
		.reason = reason,
	};

	seep_gate_clear(&w->verdict);
	seep_suppressions_forget(w->suppressions);
	return seep_gate_judge(&w->verdict, &c, &w->error);
}

void seep_gate_work_close(struct seep_gate_work *w)
{
	seep_gate_clear(&w->verdict);
	for (size_t i = 0; i < w->measure_count; i++)
		seep_gate_measure_close(&w->measures[i]);
	seep_gate_stacks_close(w->stacks);
	seep_sources_close(w->sources);
	seep_baseline_free(w->baseline);
	seep_suppressions_free(w->suppressions);
	seep_policy_clear(&w->policy);
}

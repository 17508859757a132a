/* SPDX-License-Identifier: Apache-2.0
 *
 * scale.c: growth from N to M iterations can be chance: two threads that race for a cache leave a block more or less, a table
 * doubles. So what grew from N to M has to go on growing to L, and at no less than a quarter of the pace: a leak does so, even one that comes
 * at random; a cache that is full, or a race that can go two ways, does not.
 */
#include "scale.h"

static int64_t difference(uint64_t later, uint64_t earlier)
{
	return (int64_t)(later - earlier);
}

/* Whether a count grew from the first run to the second. */
static bool grew(const struct seep_gate_site *site)
{
	const struct seep_trace_count *at = site->at_iterations;

	return difference(at[1].count, at[0].count) > 0 || difference(at[1].bytes, at[0].bytes) > 0;
}

static bool goes_on(uint64_t first, uint64_t second, uint64_t third, const uint64_t *iterations)
{
	double before = (double)difference(second, first) / (double)(iterations[1] - iterations[0]);
	double after = (double)difference(third, second) / (double)(iterations[2] - iterations[1]);

	return before > 0 && after > 0 && after >= before / 4;
}

static bool is_proven(const struct seep_gate_site *site, const uint64_t *iterations)
{
	const struct seep_trace_count *at = site->at_iterations;

	return goes_on(at[0].count, at[1].count, at[2].count, iterations) ||
	       goes_on(at[0].bytes, at[1].bytes, at[2].bytes, iterations);
}

static void settle(struct seep_gate_site *site, const struct seep_gate_case *c)
{
	size_t last = c->measure_count - 1;
	double iterations = (double)(c->iterations[last] - c->iterations[0]);

	if (site->fate != SEEP_GATE_WITHIN_BUDGET)
		return;
	if (!grew(site) || (last == 2 && !is_proven(site, c->iterations))) {
		site->fate = SEEP_GATE_ONCE;
		return;
	}
	site->fate = SEEP_GATE_FAILS;
	site->bytes_per_iteration =
		(double)difference(site->at_iterations[last].bytes, site->at_iterations[0].bytes) / iterations;
	site->blocks_per_iteration =
		(double)difference(site->at_iterations[last].count, site->at_iterations[0].count) / iterations;
}

int seep_scale_judge(struct seep_gate_sites *s)
{
	const struct seep_gate_case *c = s->of;
	struct seep_verdict *v = s->verdict;

	for (size_t m = 0; m < c->measure_count; m++)
		for (size_t i = 0; i < c->measures[m].count; i++) {
			const struct seep_gate_process *p = &c->measures[m].processes[i];

			if (p->state != SEEP_GATE_MEASURED)
				continue;
			if (seep_gate_sites_take(s, p) < 0)
				return -1;
			for (size_t t = 0; t < s->touched_count; t++) {
				struct seep_gate_site *site = &v->sites[s->touched[t]];

				site->at_iterations[m].count += site->now.count;
				site->at_iterations[m].bytes += site->now.bytes;
			}
		}
	for (size_t i = 0; i < v->site_count; i++)
		settle(&v->sites[i], c);
	return 0;
}

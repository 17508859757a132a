/* SPDX-License-Identifier: Apache-2.0
 *
 * cohorts.c: a list of ticks. epoch.c and records.c add to it, live.c asks when all have been added. One thread.
 */
#include "cohorts.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 64u

void seep_cohorts_close(struct seep_cohorts *c)
{
	free(c->borders);
	memset(c, 0, sizeof(*c));
}

static bool room(struct seep_cohorts *c)
{
	uint32_t size = c->size ? 2 * c->size : SIZE_FIRST;
	uint32_t *larger;

	if (c->used < c->size)
		return true;
	larger = reallocarray(c->borders, size, sizeof(*larger));
	if (!larger)
		return false;
	c->borders = larger;
	c->size = size;
	return true;
}

static bool add(struct seep_cohorts *c, uint32_t tick)
{
	uint32_t last = c->used ? c->borders[c->used - 1] : 0;

	if (tick == last || !room(c))
		return false;
	c->unsorted = c->unsorted || tick < last; /* marks of several threads, or ahead of the time */
	c->borders[c->used++] = tick;
	return true;
}

void seep_cohorts_add_epoch(struct seep_cohorts *c, uint32_t tick)
{
	add(c, tick);
}

void seep_cohorts_add_mark(struct seep_cohorts *c, uint32_t tick)
{
	if (c->marks < SEEP_COHORTS_MARKS_MAX)
		c->marks += add(c, tick);
}

static int ascending(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

uint32_t seep_cohorts_floor(struct seep_cohorts *c, uint32_t tick)
{
	uint32_t low = 0, high = c->used; /* those before low are not later than tick, those from high on are */

	if (c->unsorted) {
		qsort(c->borders, c->used, sizeof(*c->borders), ascending);
		c->unsorted = false;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (c->borders[middle] <= tick)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? c->borders[low - 1] : 0;
}

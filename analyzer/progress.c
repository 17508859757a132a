/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.c: one line on stderr, overwritten once a second and removed in the end.
 */
#include <stdio.h>
#include <unistd.h>

#include "progress.h"

static void tell(void *context, uint64_t done, uint64_t all)
{
	struct seep_meter *meter = context;
	struct timespec now;

	if (meter->quiet)
		return;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec == meter->shown_at ||
		(now.tv_sec - meter->start.tv_sec) * 1000 + (now.tv_nsec - meter->start.tv_nsec) / 1000000 < 1000)
		return;
	meter->shown_at = now.tv_sec;
	meter->shown = true;
	fprintf(stderr, "\r%s ... %u %%\033[K", meter->what, all ? (unsigned)((double)done * 100 / (double)all) : 0);
	fflush(stderr);
}

void seep_meter_start(struct seep_meter *meter, const char *what)
{
	*meter = (struct seep_meter){.progress = {tell, meter}, .what = what, .quiet = !isatty(STDERR_FILENO)};
	clock_gettime(CLOCK_MONOTONIC_COARSE, &meter->start);
}

void seep_meter_stop(struct seep_meter *meter)
{
	if (!meter->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}

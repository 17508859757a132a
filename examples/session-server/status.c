/* SPDX-License-Identifier: Apache-2.0
 *
 * status.c: GET /health and GET /stats.
 */
#include "status.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* 0 when the kernel does not say. */
static unsigned long resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm)
		return 0;
	if (fscanf(statm, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(statm);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE);
}

static void print_stats(FILE *out, struct server *server)
{
	struct counters *counters = &server->counters;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(out, "uptime_seconds %ld\n", (long)(now.tv_sec - server->started.tv_sec));
	fprintf(out, "resident_bytes %lu\n", resident_bytes());
	fprintf(out, "sessions_open %zu\n", session_table_count(server->sessions));
	fprintf(out, "sessions_expired_total %lu\n", counter_value(&counters->sessions_expired));
	fprintf(out, "logins_total %lu\n", counter_value(&counters->logins));
	fprintf(out, "logins_refused_total %lu\n", counter_value(&counters->logins_refused));
	fprintf(out, "logouts_total %lu\n", counter_value(&counters->logouts));
	fprintf(out, "requests_total %lu\n", counter_value(&counters->requests));
}

enum MHD_Result status_handle_health(struct request *request)
{
	return http_reply_text(request, MHD_HTTP_OK, "ok\n");
}

enum MHD_Result status_handle_stats(struct request *request)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		print_stats(out, request->server);
		fclose(out);
	}
	return http_reply_body(request, MHD_HTTP_OK, "text/plain; version=0.0.4", text, size);
}

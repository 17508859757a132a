/* SPDX-License-Identifier: Apache-2.0
 *
 * load.c: the visits are numbered, and their kinds mixed evenly, before the first one starts. Each thread takes the next
 * number, waits until that visit is due, and makes it on a connection of its own.
 */
#include "load.h"

#include "http_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum visit { ABANDON, LOG_OUT, BE_REFUSED, VISIT_KINDS };

struct load_run {
	const struct load *load;
	unsigned total;
	struct timespec started; /* monotonic */
	atomic_uint next;
	atomic_uint threads_over;
	atomic_bool failed; /* nobody starts another visit */
	unsigned char *plan; /* enum visit of every number */
	unsigned threads;
	pthread_t thread[];
};

/* Numbers the visits so that at every point each kind is as far along as the others. */
static void make_plan(struct load_run *run)
{
	const unsigned wanted[VISIT_KINDS] = {run->load->abandoned, run->load->logged_out, run->load->refused};
	unsigned long planned[VISIT_KINDS] = {0};

	for (unsigned long i = 0; i < run->total; i++) {
		int behind = 0;
		long most = -1;
		for (int kind = 0; kind < VISIT_KINDS; kind++) {
			long lag = (long)(wanted[kind] * (i + 1)) - (long)(planned[kind] * run->total);
			if (planned[kind] < wanted[kind] && lag > most) {
				most = lag;
				behind = kind;
			}
		}
		planned[behind]++;
		run->plan[i] = (unsigned char)behind;
	}
}

static void wait_until_due(const struct load_run *run, unsigned number)
{
	unsigned long long ms = 1000ull * run->load->seconds * number / run->total;
	struct timespec due = run->started;

	due.tv_nsec += (long)(ms % 1000) * 1000000;
	due.tv_sec += (time_t)(ms / 1000) + due.tv_nsec / 1000000000;
	due.tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		continue;
}

static bool expect(struct http_client *client, unsigned status, const char *method, const char *path,
	const char *session, const char *form, struct http_answer *answer)
{
	if (!http_client_ask(client, method, path, session, form, answer)) {
		fprintf(stderr, "session-driver: %s\n", client->error);
		return false;
	}
	if (answer->status == status)
		return true;
	fprintf(stderr, "session-driver: %s %s was answered with %u, expected was %u%s\n", method, path, answer->status,
		status, answer->status == 401 ? " (the session expired during the visit?)" : "");
	return false;
}

static bool log_in(struct http_client *client, unsigned number, const char *password, unsigned status,
	char session[HTTP_COOKIE_SIZE])
{
	struct http_answer answer;
	char form[256];

	snprintf(form, sizeof(form), "user=visitor-%06u&password=%s", number, password);
	if (!expect(client, status, "POST", "/login", NULL, form, &answer))
		return false;
	memcpy(session, answer.session, HTTP_COOKIE_SIZE);
	return true;
}

static bool look_around(struct http_client *client, const struct load *load, const char *session)
{
	struct http_answer answer;
	char form[64];

	if (!expect(client, 200, "GET", "/dashboard", session, NULL, &answer))
		return false;
	for (unsigned i = 0; i < load->items; i++) {
		snprintf(form, sizeof(form), "item=article+%03u&quantity=%u", i, i % 3 + 1);
		if (!expect(client, 200, "POST", "/data", session, form, &answer))
			return false;
	}
	return expect(client, 200, "GET", "/data", session, NULL, &answer) &&
	       expect(client, 200, "GET", "/dashboard", session, NULL, &answer);
}

static bool visit(struct http_client *client, const struct load_run *run, unsigned number)
{
	const struct load *load = run->load;
	enum visit kind = run->plan[number];
	char session[HTTP_COOKIE_SIZE];
	struct http_answer answer;

	if (kind == BE_REFUSED)
		return log_in(client, number, "a guess", 403, session);
	if (!log_in(client, number, load->password, 204, session) || !look_around(client, load, session))
		return false;
	return kind != LOG_OUT || expect(client, 204, "POST", "/logout", session, NULL, &answer);
}

static void *make_visits(void *argument)
{
	struct load_run *run = argument;
	struct http_client *client = malloc(sizeof(*client));

	if (client)
		http_client_init(client, run->load->port);
	else
		run->failed = true;
	while (!run->failed) {
		unsigned number = run->next++;
		if (number >= run->total)
			break;
		wait_until_due(run, number);
		if (!visit(client, run, number))
			run->failed = true;
	}
	if (client)
		http_client_close(client);
	free(client);
	run->threads_over++;
	return NULL;
}

static struct load_run *run_new(const struct load *load)
{
	struct load_run *run = calloc(1, sizeof(*run) + load->threads * sizeof(run->thread[0]));
	if (!run)
		return NULL;

	run->load = load;
	run->total = load->abandoned + load->logged_out + load->refused;
	run->plan = calloc(run->total + 1, 1);
	if (!run->plan) {
		free(run);
		return NULL;
	}
	make_plan(run);
	clock_gettime(CLOCK_MONOTONIC, &run->started);
	return run;
}

struct load_run *load_start(const struct load *load)
{
	struct load_run *run = run_new(load);
	if (!run) {
		fprintf(stderr, "session-driver: out of memory\n");
		return NULL;
	}

	while (run->threads < load->threads) {
		int error = pthread_create(&run->thread[run->threads], NULL, make_visits, run);
		if (error) {
			fprintf(stderr, "session-driver: cannot start a thread: %s\n", strerror(error));
			run->failed = true;
			load_finish(run);
			return NULL;
		}
		run->threads++;
	}
	return run;
}

bool load_is_over(struct load_run *run)
{
	return run->threads_over == run->threads;
}

bool load_finish(struct load_run *run)
{
	for (unsigned i = 0; i < run->threads; i++)
		pthread_join(run->thread[i], NULL);

	bool right = !run->failed;
	free(run->plan);
	free(run);
	return right;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c: drives a session server that has just started, waits until the sessions that were left behind have expired, and
 * prints what must be true of the server now, "name value" a line. Exit status 0 only if all of it came true.
 */
#include "http_client.h"
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
	"usage: session-driver (--port PORT | --port-file FILE) [options]\n"
	"  --port PORT        the server's, on 127.0.0.1\n"
	"  --port-file FILE   where the server writes its port; waited for\n"
	"  --abandon N        visits that end without a logout, so that their sessions expire (300)\n"
	"  --log-out N        visits that end with a logout (100)\n"
	"  --refuse N         logins with a wrong password (50)\n"
	"  --items N          that each visitor puts into the cart (5)\n"
	"  --seconds N        spread the visits over so long (0: as fast as possible)\n"
	"  --threads N        visitors at a time (4)\n"
	"  --password TEXT    the right one (secret)\n"
	"  --patience N       give up if the sessions have not expired so many seconds after the load (60)\n"
	"  --progress         tell every second how many sessions are open and how large the server is\n"
	"  --help             print this\n";

#define PORT_FILE_PATIENCE_SECONDS 60

struct options {
	struct load load;
	const char *port_file;
	unsigned patience_seconds;
	bool progress;
	bool help;
};

/* What the server says of itself. */
struct stats {
	unsigned long sessions_open;
	unsigned long sessions_expired;
	unsigned long logins;
	unsigned long logins_refused;
	unsigned long logouts;
	unsigned long resident_bytes;
};

enum { PORT = 256, PORT_FILE, ABANDON, LOG_OUT, REFUSE, ITEMS, SECONDS, THREADS, PASSWORD, PATIENCE, PROGRESS, HELP };

static const struct option long_options[] = {
	{"port", required_argument, NULL, PORT},
	{"port-file", required_argument, NULL, PORT_FILE},
	{"abandon", required_argument, NULL, ABANDON},
	{"log-out", required_argument, NULL, LOG_OUT},
	{"refuse", required_argument, NULL, REFUSE},
	{"items", required_argument, NULL, ITEMS},
	{"seconds", required_argument, NULL, SECONDS},
	{"threads", required_argument, NULL, THREADS},
	{"password", required_argument, NULL, PASSWORD},
	{"patience", required_argument, NULL, PATIENCE},
	{"progress", no_argument, NULL, PROGRESS},
	{"help", no_argument, NULL, HELP},
	{NULL, 0, NULL, 0},
};

static bool parse_number(const char *text, unsigned least, unsigned most, unsigned *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < least || value > most) {
		fprintf(stderr, "session-driver: %s is not a number from %u to %u\n", text, least, most);
		return false;
	}
	*number = (unsigned)value;
	return true;
}

static bool apply(struct options *options, int option, const char *value)
{
	switch (option) {
	case PORT:
		return parse_number(value, 1, 65535, &options->load.port);
	case PORT_FILE:
		options->port_file = value;
		return true;
	case ABANDON:
		return parse_number(value, 0, 1000000, &options->load.abandoned);
	case LOG_OUT:
		return parse_number(value, 0, 1000000, &options->load.logged_out);
	case REFUSE:
		return parse_number(value, 0, 1000000, &options->load.refused);
	case ITEMS:
		return parse_number(value, 0, 1000, &options->load.items);
	case SECONDS:
		return parse_number(value, 0, 3600, &options->load.seconds);
	case THREADS:
		return parse_number(value, 1, 64, &options->load.threads);
	case PASSWORD:
		options->load.password = value;
		return true;
	case PATIENCE:
		return parse_number(value, 1, 3600, &options->patience_seconds);
	case PROGRESS:
		options->progress = true;
		return true;
	case HELP:
		options->help = true;
		return true;
	default:
		return false;
	}
}

static bool parse_options(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.load = {.threads = 4,
			.abandoned = 300,
			.logged_out = 100,
			.refused = 50,
			.items = 5,
			.password = "secret"},
		.patience_seconds = 60,
	};
	for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (!apply(options, option, optarg))
			return false;
	}
	if (options->help)
		return true;
	if (optind < argc || !options->load.port == !options->port_file) {
		fputs(usage, stderr);
		return false;
	}
	return true;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static bool wait_for_port(const char *path, unsigned *port)
{
	for (unsigned tenths = 0; tenths < 10 * PORT_FILE_PATIENCE_SECONDS; tenths++) {
		FILE *file = fopen(path, "re");
		if (file) {
			bool read = fscanf(file, "%u", port) == 1;
			fclose(file);
			if (read)
				return true;
		}
		pause_ms(100);
	}
	fprintf(stderr, "session-driver: %s has not appeared within %d seconds: has the server started?\n", path,
		PORT_FILE_PATIENCE_SECONDS);
	return false;
}

static unsigned long value_of(const char *stats, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = stats; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, length) && line[length] == ' ')
			return strtoul(line + length, NULL, 10);
	}
	return 0;
}

static bool ask_stats(struct http_client *client, struct stats *stats)
{
	struct http_answer answer;

	if (!http_client_ask(client, "GET", "/stats", NULL, NULL, &answer)) {
		fprintf(stderr, "session-driver: %s\n", client->error);
		return false;
	}
	*stats = (struct stats){
		.sessions_open = value_of(answer.body, "sessions_open"),
		.sessions_expired = value_of(answer.body, "sessions_expired_total"),
		.logins = value_of(answer.body, "logins_total"),
		.logins_refused = value_of(answer.body, "logins_refused_total"),
		.logouts = value_of(answer.body, "logouts_total"),
		.resident_bytes = value_of(answer.body, "resident_bytes"),
	};
	return true;
}

static void print_progress(unsigned seconds, const struct stats *stats)
{
	fprintf(stderr, "%4u s %6lu logins %6lu sessions open %8.1f MB resident\n", seconds, stats->logins,
		stats->sessions_open, (double)stats->resident_bytes / 1e6);
}

/* Looks at the server every second until the load is over and the last session has expired. */
static bool watch(const struct options *options, struct load_run *run, struct stats *stats)
{
	struct http_client *client = malloc(sizeof(*client));
	unsigned seconds_after = 0;
	bool answered = client != NULL;

	if (client)
		http_client_init(client, options->load.port);
	for (unsigned seconds = 0; answered; seconds++) {
		bool over = load_is_over(run);
		answered = ask_stats(client, stats);
		if (answered && options->progress)
			print_progress(seconds, stats);
		if ((over && !stats->sessions_open) || seconds_after > options->patience_seconds)
			break;
		seconds_after += over;
		pause_ms(1000);
	}
	if (client)
		http_client_close(client);
	free(client);
	return answered;
}

static bool equal(const char *name, unsigned long expected, unsigned long actual)
{
	if (expected == actual)
		return true;
	fprintf(stderr, "session-driver: the server counts %lu %s, expected were %lu\n", actual, name, expected);
	return false;
}

static bool drive(const struct options *options)
{
	const struct load *load = &options->load;
	struct stats stats = {0};
	struct load_run *run = load_start(load);
	if (!run)
		return false;

	bool answered = watch(options, run, &stats);
	bool right = load_finish(run) && answered;
	right = right && equal("open sessions", 0, stats.sessions_open);
	right = right && equal("expired sessions", load->abandoned, stats.sessions_expired);
	right = right && equal("logouts", load->logged_out, stats.logouts);
	right = right && equal("refused logins", load->refused, stats.logins_refused);
	if (right)
		printf("sessions_expired %u\nsessions_logged_out %u\nlogins_refused %u\nitems_in_each_cart %u\n",
			load->abandoned, load->logged_out, load->refused, load->items);
	return right;
}

int main(int argc, char **argv)
{
	struct options options;

	if (!parse_options(&options, argc, argv))
		return 2;
	if (options.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (options.port_file && !wait_for_port(options.port_file, &options.load.port))
		return 1;
	return drive(&options) ? 0 : 1;
}

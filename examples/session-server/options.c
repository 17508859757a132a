/* SPDX-License-Identifier: Apache-2.0
 *
 * options.c: reads the command line with getopt_long(). Called once, by main.c.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
	"usage: session-server [options]\n"
	"  --port PORT            listen there on 127.0.0.1 (0, the default: any free port)\n"
	"  --threads N            threads that serve requests (4)\n"
	"  --session-seconds N    a session ends when it was not used for so long (1800)\n"
	"  --password TEXT        the password of every account (secret)\n"
	"  --port-file FILE       write the port there once the server listens\n"
	"  --pid-file FILE        write the process id there once the server listens\n"
	"  --log-requests         log every request\n"
	"  --help                 print this\n";

enum { PORT = 256, THREADS, SESSION_SECONDS, PASSWORD, PORT_FILE, PID_FILE, LOG_REQUESTS, HELP };

static const struct option long_options[] = {
	{"port", required_argument, NULL, PORT},
	{"threads", required_argument, NULL, THREADS},
	{"session-seconds", required_argument, NULL, SESSION_SECONDS},
	{"password", required_argument, NULL, PASSWORD},
	{"port-file", required_argument, NULL, PORT_FILE},
	{"pid-file", required_argument, NULL, PID_FILE},
	{"log-requests", no_argument, NULL, LOG_REQUESTS},
	{"help", no_argument, NULL, HELP},
	{NULL, 0, NULL, 0},
};

static bool parse_number(const char *text, unsigned least, unsigned most, unsigned *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < least || value > most) {
		fprintf(stderr, "session-server: %s is not a number from %u to %u\n", text, least, most);
		return false;
	}
	*number = (unsigned)value;
	return true;
}

static bool apply(struct options *options, int option, const char *value)
{
	switch (option) {
	case PORT:
		return parse_number(value, 0, 65535, &options->port);
	case THREADS:
		return parse_number(value, 1, 256, &options->threads);
	case SESSION_SECONDS:
		return parse_number(value, 1, 7 * 24 * 3600, &options->session_seconds);
	case PASSWORD:
		options->password = value;
		return true;
	case PORT_FILE:
		options->port_file = value;
		return true;
	case PID_FILE:
		options->pid_file = value;
		return true;
	case LOG_REQUESTS:
		options->log_requests = true;
		return true;
	default:
		return false;
	}
}

bool options_parse(struct options *options, int argc, char **argv, int *exit_status)
{
	*options = (struct options){.threads = 4, .session_seconds = 1800, .password = "secret"};
	*exit_status = 2;

	for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (option == HELP) {
			fputs(usage, stdout);
			*exit_status = 0;
			return false;
		}
		if (!apply(options, option, optarg))
			return false;
	}
	if (optind < argc) {
		fprintf(stderr, "session-server: what is %s?\n%s", argv[optind], usage);
		return false;
	}
	return true;
}

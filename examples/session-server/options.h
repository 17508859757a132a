/* SPDX-License-Identifier: Apache-2.0
 *
 * options.h: the server's command line.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

struct options {
	unsigned port; /* 0: any free one */
	unsigned threads;
	unsigned session_seconds;
	const char *password;
	const char *port_file; /* NULL, or where to write the port */
	const char *pid_file; /* NULL, or where to write the process id */
	bool log_requests;
};

/* Fills in the defaults and what the arguments say. Returns false when the program is to end with *exit_status; what
 * there was to say is then said. */
bool options_parse(struct options *options, int argc, char **argv, int *exit_status);

#endif

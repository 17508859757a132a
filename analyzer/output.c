/* SPDX-License-Identifier: Apache-2.0
 *
 * output.c: what stdout is, and whether it took everything.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"

#define WIDTH_MIN 40u
#define WIDTH_MAX 1000u

const char *const seep_color_names[] = {"auto", "always", "never", NULL};

static bool terminal_has_color(void)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") && !(no_color && *no_color);
}

static unsigned terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	unsigned long width = columns ? strtoul(columns, NULL, 10) : 0;
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (!width && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (!width)
		width = 80;
	return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : (unsigned)width;
}

struct seep_output seep_output_stdout(enum seep_color color)
{
	return (struct seep_output){
		.stream = stdout,
		.color = color == SEEP_COLOR_ALWAYS || (color == SEEP_COLOR_AUTO && terminal_has_color()),
		.width = terminal_width(),
	};
}

const char *seep_output_style(const struct seep_output *output, enum seep_style style)
{
	static const char *const escapes[] = {"\033[0m", "\033[1m", "\033[33m", "\033[2m"};

	return output->color ? escapes[style] : "";
}

/* Whether the reader of a pipe has gone: it has what it wanted. */
static bool reader_left(FILE *stream)
{
	struct pollfd pipe = {.fd = fileno(stream)};

	return errno == EPIPE || (poll(&pipe, 1, 0) == 1 && pipe.revents & POLLERR);
}

int seep_output_finish(const struct seep_output *output, const struct seep_command *command)
{
	errno = 0;
	if (fflush(output->stream) == 0 && !ferror(output->stream))
		return SEEP_EXIT_DONE;
	if (reader_left(output->stream))
		return SEEP_EXIT_DONE;
	return seep_command_fail(
		command, "can not write to stdout: %s", errno ? strerror(errno) : "an earlier write failed");
}

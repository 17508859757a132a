/* SPDX-License-Identifier: Apache-2.0
 *
 * github.c: annotations and the job summary of GitHub Actions ("Workflow commands"). GitHub shows ten errors of a step and takes a
 * summary of one MiB of a step; beyond that it drops everything, so these limits are kept here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate_outputs.h"
#include "gate_view.h"

#define ANNOTATIONS_MAX 10
#define SUMMARY_BYTES_MAX (1u << 20)
#define SUMMARY_ROOM_MIN 256u /* less is not worth a sentence */

/* In a command, % and ends of lines are written as %25, %0D, %0A; in its properties : and , as well. */
static void put(FILE *out, const char *text, bool property)
{
	for (; *text; text++) {
		if (*text == '%' || *text == '\r' || *text == '\n' || (property && (*text == ':' || *text == ',')))
			fprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
		else
			fputc(*text, out);
	}
}

static void put_error(FILE *out, const char *file, unsigned line, const char *title, const char *message)
{
	fputs("::error ", out);
	if (file) {
		fputs("file=", out);
		put(out, file, true);
		if (line)
			fprintf(out, ",line=%u", line);
		fputc(',', out);
	}
	fputs("title=", out);
	put(out, title, true);
	fputs("::", out);
	put(out, message, false);
	fputc('\n', out);
}

static void put_site(FILE *out, struct seep_verdict *v, const struct seep_gate_site *site)
{
	const char *change = seep_gate_change(v, site);

	put_error(out, site->below_root ? site->file : NULL, site->line, "Memory leak",
		seep_gate_text(v, "%s%s%s", seep_gate_sentence(v, site), *change ? "; " : "", change));
}

int seep_github_write(FILE *out, struct seep_verdict *v)
{
	size_t room = ANNOTATIONS_MAX - (v->peak.exceeded ? 1 : 0) - (v->reason_count ? 1 : 0), shown = v->fails;

	if (shown > room)
		shown = room - 1;
	for (size_t i = 0; i < shown; i++)
		put_site(out, v, &v->sites[i]);
	if (shown < v->fails)
		put_error(out, NULL, 0, "Memory leaks",
			seep_gate_text(v, "%zu more sites leak: the job summary lists them", v->fails - shown));
	if (v->peak.exceeded)
		put_error(out, NULL, 0, "Peak of memory",
			seep_gate_text(v, "%s held %llu bytes, of at most %llu", v->peak.process,
				(unsigned long long)v->peak.bytes, (unsigned long long)v->peak.max_bytes));
	if (v->reason_count)
		put_error(out, NULL, 0, "Leak gate inconclusive", v->reasons[0]);
	return 0;
}

/* Appends in one write, under a lock: several gates of one step may end at the same time. */
static int append(const char *path, struct seep_verdict *v, struct seep_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666), result = 0;
	struct stat status;
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory;

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &status) < 0) {
		seep_error_set(error, "the job summary %s can't be written: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	memory = open_memstream(&text, &bytes);
	if (memory && status.st_size + SUMMARY_ROOM_MIN < SUMMARY_BYTES_MAX)
		result = seep_markdown_write(memory, v, SUMMARY_BYTES_MAX - (size_t)status.st_size);
	if (!memory || fclose(memory) != 0 || result < 0)
		result = seep_error_set(error, "out of memory for the job summary");
	else if (bytes && write(fd, text, bytes) != (ssize_t)bytes)
		result = seep_error_set(error, "the job summary %s can't be written: %s", path, strerror(errno));
	free(text);
	close(fd);
	return result;
}

int seep_github_summarize(const char *path, struct seep_verdict *v, struct seep_error *error)
{
	return path && *path ? append(path, v, error) : 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_record.c: launcher.h, and a folder of its own for the traces of each run, so that gates that run at the same time have
 * nothing in common.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate_record.h"
#include "launcher.h"
#include "program.h"

#define PATTERN_IN_FOLDER "%e.%p.seep"

static int make_folder(char **folder, struct seep_error *error)
{
	const char *place = getenv("TMPDIR");

	if (asprintf(folder, "%s/seep-gate.XXXXXX", place && *place ? place : "/tmp") < 0) {
		*folder = NULL;
		return seep_error_set(error, "out of memory");
	}
	if (mkdtemp(*folder))
		return 0;
	seep_error_set(error, "no folder for the traces can be made in %s: %s (TMPDIR names another place)",
		place && *place ? place : "/tmp", strerror(errno));
	free(*folder);
	*folder = NULL;
	return -1;
}

/* Only what was put there: files, and the folder itself. */
static void remove_folder(const char *folder)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	rmdir(folder);
}

/* ---- What became of the processes ---- */

static int add_session(
	struct seep_gate_recording *r, const struct seep_session *session, const char *name, struct seep_error *error)
{
	if (session->trace && !session->failure)
		return seep_gate_measure_add(r->measure, session->trace, error);
	if (seep_gate_measure_missing(r->measure, name, (uint32_t)session->pid,
		    session->failure ? session->failure : "it left no trace") < 0)
		return seep_error_set(error, "out of memory");
	return 0;
}

static int add_sessions(struct seep_gate_recording *r, const struct seep_launcher *launcher,
	const struct seep_program *program, bool *command_recorded, struct seep_error *error)
{
	const struct seep_session *sessions;
	size_t count = seep_launcher_sessions(launcher, &sessions);
	const char *slash = strrchr(program->path, '/');

	*command_recorded = false;
	for (size_t i = 0; i < count; i++) {
		bool is_command = sessions[i].pid == seep_launcher_pid(launcher);

		if (add_session(r, &sessions[i], is_command ? slash + 1 : "a process", error) < 0)
			return -1;
		*command_recorded |= is_command;
	}
	return 0;
}

/* That a signal ended the command is no failure of its own that could be passed on: it never came to its end. */
static void look_for_signal(struct seep_gate_recording *r, pid_t command)
{
	for (size_t i = 0; i < r->measure->count; i++) {
		const struct seep_gate_process *p = &r->measure->processes[i];

		if (p->pid != (uint32_t)command || !p->signal || r->status != 128 + (int)p->signal)
			continue;
		r->status = -1;
		if (p->state != SEEP_GATE_UNRELIABLE)
			snprintf(r->reason, sizeof(r->reason), "the command was killed by SIG%s",
				sigabbrev_np((int)p->signal) ? sigabbrev_np((int)p->signal) : "?");
	}
}

/* Whether some process was measured at all: then it does not matter that a system's shell could not be recorded. */
static bool any_measured(const struct seep_gate_measure *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->processes[i].state == SEEP_GATE_MEASURED)
			return true;
	return false;
}

static void explain_missing(struct seep_gate_recording *r, const struct seep_program *program)
{
	const char *why = "";

	if (!seep_gate_stacks_own_path(r->measure->stacks, program->path) && any_measured(r->measure))
		return;
	switch (program->reach) {
	case SEEP_PROGRAM_STATIC:
		why = "is statically linked, so nothing can be preloaded into it: link it dynamically to gate it";
		break;
	case SEEP_PROGRAM_PRIVILEGED:
		why = "changes its user, group or capabilities when executed (setuid, setgid), so the system ignores "
		      "LD_PRELOAD: gate it as its owner, or a copy without those bits";
		break;
	case SEEP_PROGRAM_FOREIGN:
		why = "is built for another architecture than libseep.so";
		break;
	case SEEP_PROGRAM_TRACEABLE:
		why = "ran without libseep.so: something keeps LD_PRELOAD from it";
		break;
	}
	snprintf(r->reason, sizeof(r->reason), "nothing was recorded: %.400s %s", program->image, why);
}

/* ---- The run ---- */

static int run(struct seep_gate_recording *r, const struct seep_program *program, const char *setting, char **argv,
	struct seep_error *error)
{
	const char *const settings[] = {setting, NULL};
	struct seep_launcher *launcher;
	struct seep_error why;
	bool recorded = false;
	int result = 0;

	if (seep_launcher_open(&launcher, settings, error) != 0)
		return -1;
	if (seep_launcher_start(launcher, program->path, argv, &why) != 0) {
		snprintf(r->reason, sizeof(r->reason), "the command could not be run: %s", why.text);
	} else {
		r->status = seep_launcher_wait(launcher);
		result = add_sessions(r, launcher, program, &recorded, error);
		if (result == 0 && !recorded)
			explain_missing(r, program);
		else
			look_for_signal(r, seep_launcher_pid(launcher));
	}
	seep_launcher_close(launcher);
	return result;
}

int seep_gate_record(struct seep_gate_recording *r, char **argv, struct seep_error *error)
{
	struct seep_program program;
	char *folder = NULL, *setting = NULL;
	struct seep_error why;
	int result = -1;

	r->status = -1;
	r->reason[0] = '\0';
	if (seep_program_find(&program, argv[0], &why) != 0) {
		snprintf(r->reason, sizeof(r->reason), "the command could not be run: %s", why.text);
		return 0;
	}
	if (!r->output && make_folder(&folder, error) < 0)
		return -1;
	if (asprintf(&setting, "SEEP_OUTPUT=%s%s%s", folder ? folder : "", folder ? "/" : "",
		    folder ? PATTERN_IN_FOLDER : r->output) < 0)
		setting = NULL;
	if (setting)
		result = run(r, &program, setting, argv, error);
	else
		seep_error_set(error, "out of memory");
	if (folder)
		remove_folder(folder);
	free(setting);
	free(folder);
	return result;
}

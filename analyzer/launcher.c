/* SPDX-License-Identifier: Apache-2.0
 *
 * launcher.c: see launcher.h.
 *
 *   seep run ----- control socket -----> seep-collector broker --- forks a session for each image
 *       |                                        ^
 *       +-- command (LD_PRELOAD) --- hello ------+      abstract socket, its name in SEEP_SOCKET
 *
 * The broker says on the control socket, in packets of text: "listening", "started PID PATH", "finished PID PATH",
 * "failed PID MESSAGE", "skipped PID EXECUTABLE" (--only). It answers a hello only after its "started" is sent, so whatever ran recorded is known here
 * when it ends.
 */
#include "launcher.h"

#include "installation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLLECTOR_START_MS 10000
#define PACKET_BYTES (PATH_MAX + 256)

struct seep_launcher {
	int control;
	pid_t command;
	char socket_name[80]; /* with its secret: see SOCKET NAMES in include/seep/wire.h */
	char library[PATH_MAX];
	char collector[PATH_MAX];
	struct seep_session *sessions;
	size_t session_count;
	bool listening;
	size_t skipped;
	char *first_skipped;
};

/* The dynamic linker splits LD_PRELOAD at these. */
static int check_library_path(const char *path, struct seep_error *error)
{
	if (strpbrk(path, " :"))
		return seep_error_set(error,
			"%s cannot be preloaded because its path holds a space or a colon: move or link it elsewhere",
			path);
	return 0;
}

/* ---- What the collector says ---- */

static struct seep_session *session_of(struct seep_launcher *launcher, pid_t pid, const char *trace)
{
	struct seep_session *grown;

	for (size_t i = 0; i < launcher->session_count; i++) {
		struct seep_session *session = &launcher->sessions[i];

		if (session->pid == pid && session->trace && trace && strcmp(session->trace, trace) == 0)
			return session;
	}
	grown = reallocarray(launcher->sessions, launcher->session_count + 1, sizeof *grown);
	if (!grown)
		return NULL;
	launcher->sessions = grown;
	grown += launcher->session_count++;
	*grown = (struct seep_session){.pid = pid, .trace = trace ? strdup(trace) : NULL};
	return grown;
}

static void take_packet(struct seep_launcher *launcher, const char *packet)
{
	struct seep_session *session;
	char verb[16];
	int pid;
	int rest = 0;

	if (strcmp(packet, "listening") == 0) {
		launcher->listening = true;
		return;
	}
	if (sscanf(packet, "%15s %d %n", verb, &pid, &rest) < 2 || !rest)
		return;
	if (strcmp(verb, "skipped") == 0) {
		if (!launcher->skipped++)
			launcher->first_skipped = strdup(packet + rest);
		return;
	}
	if (strcmp(verb, "failed") == 0) {
		session = session_of(launcher, pid, NULL);
		if (session) {
			session->failure = strdup(packet + rest);
			session->finished = true;
		}
		return;
	}
	session = session_of(launcher, pid, packet + rest);
	if (session && strcmp(verb, "finished") == 0)
		session->finished = true;
}

/* Takes what is there within the time. False: the collector is gone. */
static bool listen_once(struct seep_launcher *launcher, int milliseconds)
{
	struct pollfd ready = {.fd = launcher->control, .events = POLLIN};
	char packet[PACKET_BYTES];
	ssize_t length;

	if (poll(&ready, 1, milliseconds) <= 0)
		return true;
	length = recv(launcher->control, packet, sizeof packet - 1, MSG_DONTWAIT);
	if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	if (length > 0) {
		packet[length] = 0;
		take_packet(launcher, packet);
	}
	return true;
}

/* ---- Start ---- */

static int random_name(struct seep_launcher *launcher, struct seep_error *error)
{
	uint64_t number[4];

	if (getrandom(number, sizeof number, 0) != sizeof number)
		return seep_error_set(error, "no random numbers: %s", strerror(errno));
	snprintf(launcher->socket_name, sizeof launcher->socket_name, "seep-%016llx%016llx/%016llx%016llx",
		(unsigned long long)number[0], (unsigned long long)number[1], (unsigned long long)number[2],
		(unsigned long long)number[3]);
	return 0;
}

static void become_collector(const struct seep_launcher *launcher, int control, const char *const *settings)
{
	char descriptor[16];

	setsid();
	unsetenv("LD_PRELOAD");
	for (; *settings; settings++)
		putenv((char *)(uintptr_t)*settings);
	snprintf(descriptor, sizeof descriptor, "%d", control);
	fcntl(control, F_SETFD, 0);
	setenv("SEEP_SOCKET", launcher->socket_name, 1);
	execl(launcher->collector, launcher->collector, "broker", descriptor, (char *)NULL);
	_exit(127);
}

int seep_launcher_open(struct seep_launcher **result, const char *const *settings, struct seep_error *error)
{
	struct seep_launcher *launcher = calloc(1, sizeof *launcher);
	int ends[2] = {-1, -1};
	pid_t pid;

	if (!launcher)
		return seep_error_set(error, "out of memory");
	launcher->control = -1;
	if (seep_installation_find("libseep.so", launcher->library, error) ||
		check_library_path(launcher->library, error) ||
		seep_installation_find("seep-collector", launcher->collector, error) || random_name(launcher, error))
		goto failed;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 || (pid = fork()) < 0) {
		seep_error_set(error, "the collector cannot be started: %s", strerror(errno));
		goto failed;
	}
	if (pid == 0)
		become_collector(launcher, ends[1], settings);
	close(ends[1]);
	launcher->control = ends[0];
	for (int waited = 0; !launcher->listening && waited < COLLECTOR_START_MS; waited += 100)
		if (!listen_once(launcher, 100))
			break;
	if (launcher->listening) {
		*result = launcher;
		return 0;
	}
	seep_error_set(error, "%s did not start%s%s", launcher->collector, launcher->session_count ? ": " : "",
		launcher->session_count ? launcher->sessions[0].failure : "");
failed:
	seep_launcher_close(launcher);
	return -1;
}

/* The command finds our library first, and what was preloaded before behind it. */
static bool preload_environment(const struct seep_launcher *launcher)
{
	const char *before = getenv("LD_PRELOAD");
	char *value;
	bool ok;

	if (before && strstr(before, launcher->library))
		return setenv("SEEP_SOCKET", launcher->socket_name, 1) == 0;
	if (asprintf(&value, "%s%s%s", launcher->library, before && *before ? ":" : "", before ? before : "") < 0)
		return false;
	ok = setenv("LD_PRELOAD", value, 1) == 0 && setenv("SEEP_SOCKET", launcher->socket_name, 1) == 0;
	free(value);
	return ok;
}

/* The terminal's keys reach the command by themselves; what was sent to us alone goes on to it. */
static pid_t signals_go_to;

static void pass_on(int signal)
{
	int saved = errno;

	if (signals_go_to > 0)
		kill(signals_go_to, signal);
	errno = saved;
}

static void pass_signals_on(pid_t command)
{
	static const int ours[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
	struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

	signals_go_to = command;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		struct sigaction now;

		if (sigaction(ours[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(ours[i], &action, NULL);
	}
}

int seep_launcher_start(struct seep_launcher *launcher, const char *path, char **argv, struct seep_error *error)
{
	int report[2];
	int reason = 0;

	if (pipe2(report, O_CLOEXEC) != 0 || (launcher->command = fork()) < 0) {
		seep_error_set(error, "%s cannot be started: %s", path, strerror(errno));
		return errno;
	}
	if (launcher->command == 0) {
		if (preload_environment(launcher))
			execv(path, argv);
		/* As a shell does with a file that has neither a magic nor a #! line. */
		if (errno == ENOEXEC) {
			size_t count = 0;

			while (argv[count])
				count++;
			char **shell = calloc(count + 2, sizeof *shell);

			if (shell) {
				shell[0] = "sh";
				shell[1] = (char *)(uintptr_t)path;
				memcpy(shell + 2, argv + 1, count * sizeof *shell);
				execv("/bin/sh", shell);
			}
		}
		reason = errno;
		_exit(write(report[1], &reason, sizeof reason) == sizeof reason ? 126 : 127);
	}
	pass_signals_on(launcher->command);
	close(report[1]);
	if (read(report[0], &reason, sizeof reason) == sizeof reason) {
		waitpid(launcher->command, NULL, 0);
		seep_error_set(error, "%s cannot be executed: %s", path, strerror(reason));
	}
	close(report[0]);
	return reason;
}

/* ---- End ---- */

/* Still there, and not a zombie that waits for its parent? */
static bool process_lives(pid_t pid)
{
	char path[32];
	char text[512];
	ssize_t length;
	const char *state;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kill(pid, 0) == 0 || errno == EPERM;
	length = read(fd, text, sizeof text - 1);
	close(fd);
	if (length <= 0)
		return false;
	text[length] = 0;
	state = strrchr(text, ')');
	return state && state[1] && state[2] != 'Z' && state[2] != 'X';
}

/* A trace that is still being written, of a process that has ended. */
static bool unfinished(const struct seep_launcher *launcher)
{
	for (size_t i = 0; i < launcher->session_count; i++)
		if (!launcher->sessions[i].finished && !process_lives(launcher->sessions[i].pid))
			return true;
	return false;
}

int seep_launcher_wait(struct seep_launcher *launcher)
{
	struct pollfd ready[2] = {{.events = POLLIN}, {.fd = launcher->control, .events = POLLIN}};
	bool connected = true;
	siginfo_t info;
	int status = 0;

	/* The control socket is read while the command runs too: a full one would make sessions wait. */
	ready[0].fd = (int)syscall(SYS_pidfd_open, launcher->command, 0);
	while (ready[0].fd >= 0 && connected) {
		if (poll(ready, 2, -1) > 0 && ready[0].revents)
			break;
		connected = listen_once(launcher, 0);
	}
	if (ready[0].fd >= 0)
		close(ready[0].fd);
	/* WNOWAIT: the command stays a zombie until its trace is written, so that the collector can read its exit status. */
	while (waitid(P_PID, (id_t)launcher->command, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
		;
	while (connected && poll(&(struct pollfd){.fd = launcher->control, .events = POLLIN}, 1, 0) > 0)
		connected = listen_once(launcher, 0);
	while (connected && unfinished(launcher))
		connected = listen_once(launcher, 100);
	while (waitpid(launcher->command, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

pid_t seep_launcher_pid(const struct seep_launcher *launcher)
{
	return launcher->command;
}

size_t seep_launcher_sessions(const struct seep_launcher *launcher, const struct seep_session **sessions)
{
	*sessions = launcher->sessions;
	return launcher->session_count;
}

size_t seep_launcher_skipped(const struct seep_launcher *launcher, const char **first)
{
	*first = launcher->first_skipped;
	return launcher->skipped;
}

void seep_launcher_close(struct seep_launcher *launcher)
{
	if (!launcher)
		return;
	if (launcher->control >= 0)
		close(launcher->control);
	for (size_t i = 0; i < launcher->session_count; i++) {
		free(launcher->sessions[i].trace);
		free(launcher->sessions[i].failure);
	}
	free(launcher->sessions);
	free(launcher->first_skipped);
	free(launcher);
}

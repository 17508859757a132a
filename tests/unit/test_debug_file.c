/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files names are taken from: separate debug files in every place where they may lie, and never a file that is not the
 * one that ran.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "support_elf.h"

/* local() is in line 3; its name is in .symtab and DWARF only. */
static const char source[] = ELF_NOTE
	"\n"
	"static __attribute__((noinline)) void local(void) {\n"
	"	note(); }\n"
	"int main(void) { local(); return 0; }\n";

#define NAMED "local app.c:3"

struct app {
	struct seep_module module; /* of the stripped program */
	uint64_t address; /* in local() */
	char id[64]; /* build-id in hex */
};

/* Makes `app`, stripped and with a debuglink, and beside it app.debug with all that was stripped. */
static void make(struct app *app, const char *flags)
{
	elf_run("rm -rf app* .debug debug");
	elf_compile("app", "app.c", source, flags);
	elf_run("objcopy --only-keep-debug app app.debug && strip app && objcopy --add-gnu-debuglink=app.debug app");
	app->module = elf_module("app");
	assert_int_equal(elf_addresses("app", &app->address, 1), 1);
	for (unsigned i = 0; i < app->module.build_id_bytes; i++)
		sprintf(app->id + 2 * i, "%02x", app->module.build_id[i]);
}

static void expect(const struct app *app, const char *root, const char *frame, const char *remark)
{
	struct seep_symbols *s = elf_symbols(&app->module, root, NULL);
	char offset[64];
	size_t count;

	snprintf(offset, sizeof(offset), "app+0x%llx", (unsigned long long)app->address - 1);
	elf_expect(elf_resolve(s, app->address, &count), frame ? frame : offset);
	elf_expect_remark(s, remark);
	seep_symbols_close(s);
}

static void test_debuglink(void **state)
{
	struct app app;

	(void)state;
	make(&app, "-g -O0");
	expect(&app, NULL, NAMED, NULL);
	elf_run("mkdir .debug && mv app.debug .debug");
	expect(&app, NULL, NAMED, NULL);
	elf_run("mkdir -p debug%s && mv .debug/app.debug debug%s", elf_folder(), elf_folder());
	expect(&app, NULL, NULL, "can't be named");
	expect(&app, "debug", NAMED, NULL);
	expect(&app, "debug/", NAMED, NULL);
	elf_run("mv debug%s/app.debug debug", elf_folder());
	expect(&app, "debug", NAMED, NULL);
	expect(&app, "no-such-folder", NULL, "can't be named");
}

static void test_debuglink_through_symbolic_link(void **state)
{
	struct app app;

	(void)state;
	make(&app, "-g -O0");
	elf_run("mkdir -p debug && mv app app.debug debug && ln -s debug/app app");
	expect(&app, NULL, NAMED, NULL);
}

/* Without build-ids the checksum decides. */
static void test_debuglink_checksum(void **state)
{
	static const char no_id[] = "has no build-id";
	struct app app;

	(void)state;
	make(&app, "-g -O0 -Wl,--build-id=none");
	assert_int_equal(app.module.build_id_bytes, 0);
	expect(&app, NULL, NAMED, no_id);
	elf_run("printf x >> app.debug");
	{
		struct seep_symbols *s = elf_symbols(&app.module, NULL, NULL);
		const char *const *sentences;
		size_t count;

		assert_false(elf_resolve(s, app.address, &count)->named);
		assert_int_equal(seep_symbols_remarks(s, &sentences), 2);
		assert_non_null(strstr(sentences[0], "can't be named"));
		assert_non_null(strstr(sentences[1], no_id));
		seep_symbols_close(s);
	}
}

static void test_debug_file_of_another_build(void **state)
{
	struct app app;

	(void)state;
	make(&app, "-g -O0");
	elf_run("gcc -g -O1 -o other app.c && objcopy --only-keep-debug other app.debug");
	expect(&app, NULL, NULL, "can't be named");
	elf_run("mkdir -p debug/.build-id/%.2s && cp app.debug debug/.build-id/%.2s/%s.debug", app.id, app.id,
		app.id + 2);
	expect(&app, "debug", NULL, "can't be named");
}

static void test_build_id_folder(void **state)
{
	struct app app;

	(void)state;
	make(&app, "-g -O0");
	elf_run("mkdir -p debug/.build-id/%.2s && mv app.debug debug/.build-id/%.2s/%s.debug", app.id, app.id,
		app.id + 2);
	expect(&app, NULL, NULL, "can't be named");
	expect(&app, "debug", NAMED, NULL);
	expect(&app, "debug/.build-id", NAMED, NULL);
	/* The debug file alone is enough: its build-id was recorded. */
	elf_run("rm app");
	expect(&app, "debug", NAMED, NULL);
}

static void test_unstripped_file_in_a_root(void **state)
{
	struct app app;

	(void)state;
	make(&app, "-g -O0");
	elf_run("gcc -g -O0 -fno-optimize-sibling-calls -o again app.c && rm app.debug && mkdir -p debug");
	elf_run("mv again debug/app");
	expect(&app, "debug", NAMED, NULL);
	elf_run("mkdir -p debug%s && mv debug/app debug%s/app", elf_folder(), elf_folder());
	expect(&app, "debug", NAMED, NULL);
	elf_run("rm app");
	expect(&app, "debug", NAMED, NULL);
	expect(&app, NULL, NULL, "No such file");
}

/* A debug file with a symbol table only serves until there is a better one. */
static void test_better_file_wins(void **state)
{
	struct app app;

	(void)state;
	make(&app, "-g -O0");
	elf_run("mkdir -p debug/.build-id/%.2s && cp app.debug debug/.build-id/%.2s/%s.debug &&"
		"strip -g -o poor debug/.build-id/%.2s/%s.debug && mv poor debug/.build-id/%.2s/%s.debug && mv "
		"app.debug away",
		app.id, app.id, app.id + 2, app.id, app.id + 2, app.id, app.id + 2);
	expect(&app, "debug", "local", NULL);
	elf_run("mv away app.debug");
	expect(&app, "debug", NAMED, NULL);
}

static void test_changed_since(void **state)
{
	struct app app;
	struct seep_symbols *s;
	const char *const *sentences;
	char now[64] = "";
	size_t count;
	struct seep_module changed;

	(void)state;
	make(&app, "-g -O0");
	elf_run("mkdir -p debug && cp app app.debug debug && gcc -g -O1 -o app app.c");
	changed = elf_module("app");
	for (unsigned i = 0; i < 8; i++)
		sprintf(now + 2 * i, "%02x", changed.build_id[i]);
	s = elf_symbols(&app.module, NULL, NULL);
	assert_false(elf_resolve(s, app.address, &count)->named);
	assert_int_equal(seep_symbols_remarks(s, &sentences), 1);
	assert_non_null(strstr(sentences[0], "/app changed since the recording"));
	assert_non_null(strstr(sentences[0], now));
	app.id[16] = '\0';
	assert_non_null(strstr(sentences[0], app.id));
	assert_non_null(strstr(sentences[0], "--symbols"));
	seep_symbols_close(s);

	expect(&app, "debug", NAMED, NULL); /* the file that ran is still somewhere */

	/* Without build-ids only the size can tell. */
	make(&app, "-g -O0 -Wl,--build-id=none");
	elf_run("sed -i 's/^static/char big[1 << 20]; static/' app.c && gcc -g -O0 -Wl,--build-id=none -o app app.c");
	expect(&app, NULL, NULL, "changed since the recording");
	elf_run("gcc -g -O0 -o app app.c");
	expect(&app, NULL, NULL, "build-id none then, ");
}

static void test_missing_and_strange_files(void **state)
{
	struct app app;
	char path[512];

	(void)state;
	make(&app, "-g -O0");
	elf_run("mv app away");
	expect(&app, NULL, NULL, "can't be opened (No such file");
	assert_int_equal(mkfifo("app", 0600), 0); /* opening it would wait for a writer */
	expect(&app, NULL, NULL, "it is no regular file");
	elf_run("rm app && mkdir app");
	expect(&app, NULL, NULL, "it is no regular file");
	elf_run("rmdir app && : > app");
	expect(&app, NULL, NULL, "no ELF file");
	elf_run("echo '#!/bin/sh' > app");
	expect(&app, NULL, NULL, "no ELF file");
	elf_run("gcc -g -O0 -c -o app app.c");
	expect(&app, NULL, NULL, "neither a program nor a shared library");
	elf_run("mv away app");
	/* Linux puts this behind the path of a file that was removed while it was mapped. */
	snprintf(path, sizeof(path), "%s (deleted)", app.module.path);
	app.module.path = path;
	{
		struct seep_symbols *s = elf_symbols(&app.module, NULL, NULL);
		size_t count;

		elf_expect(elf_resolve(s, app.address, &count), NAMED);
		seep_symbols_close(s);
	}
}

/* A debuglink names a file, it does not lead to one somewhere else. */
static void test_debuglink_with_a_path(void **state)
{
	struct app app;
	uint8_t *bytes, *link;
	size_t count;

	(void)state;
	make(&app, "-g -O0");
	bytes = elf_read("app", &count);
	link = memmem(bytes, count, "app.debug", 10);
	assert_non_null(link);
	memcpy(link, "debug/app", 10);
	elf_write("app", bytes, count);
	free(bytes);
	elf_run("mkdir debug && mv app.debug debug/app");
	expect(&app, NULL, NULL, "can't be named");
}

/* dwz moves what two files have in common into a third. */
static void test_shared_debug_file(void **state)
{
	struct app app;

	(void)state;
	if (!elf_has("dwz"))
		skip();
	make(&app, "-g -O0");
	elf_run("gcc -g -O0 -fno-optimize-sibling-calls -o app2 app.c && objcopy --only-keep-debug app2 app2.debug &&"
		"dwz -m common.debug app.debug app2.debug && test -s common.debug");
	expect(&app, NULL, NAMED, NULL);
	elf_run("mv common.debug away");
	expect(&app, NULL, "local", "common.debug, which is not to be found");
	elf_run("mkdir debug && mv away debug/common.debug");
	expect(&app, "debug", NAMED, NULL);
	elf_run("cp app2.debug debug/common.debug");
	expect(&app, "debug", "local", "common.debug, which is not to be found");
}

/* Fedora's way to leave the symbols of static functions in a stripped program. */
static void test_packed_symbols(void **state)
{
	struct app app;

	(void)state;
	if (!elf_has("xz"))
		skip();
	make(&app, "-O0");
	elf_run("xz -k app.debug && objcopy --add-section .gnu_debugdata=app.debug.xz --remove-section .gnu_debuglink "
		"app &&"
		"rm app.debug");
	expect(&app, NULL, "local", NULL);
	elf_run("head -c 100 app.debug.xz > cut && objcopy --update-section .gnu_debugdata=cut app");
	expect(&app, NULL, NULL, "can't be named");
}

/* A server with one file. It reports each request on a pipe. */
static pid_t serve(const char *path, const char *file, unsigned *port, int *requests)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), pipes[2];
	socklen_t bytes = sizeof(address);
	size_t count;
	char *content = elf_read(file, &count);
	pid_t child;

	assert_int_equal(bind(listener, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &bytes), 0);
	*port = ntohs(address.sin_port);
	assert_int_equal(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		alarm(60);
		for (;;) {
			char request[4096], wanted[512];
			int connection = accept(listener, NULL, NULL);
			ssize_t got = recv(connection, request, sizeof(request) - 1, 0);

			request[got > 0 ? got : 0] = '\0';
			if (write(pipes[1], "r", 1) < 0)
				_exit(1);
			snprintf(wanted, sizeof(wanted), "GET %s HTTP", path);
			if (!strncmp(request, wanted, strlen(wanted))) {
				dprintf(connection,
					"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", count);
				for (size_t sent = 0; sent < count;) {
					ssize_t part = send(connection, content + sent, count - sent, MSG_NOSIGNAL);

					if (part < 0)
						break;
					sent += (size_t)part;
				}
			} else {
				dprintf(connection,
					"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
			}
			close(connection);
		}
	}
	free(content);
	close(listener);
	close(pipes[1]);
	*requests = pipes[0];
	return child;
}

static bool was_asked(int requests)
{
	char byte;
	ssize_t got = read(requests, &byte, 1);

	return got == 1;
}

static void test_debuginfod(void **state)
{
	struct seep_symbols_options options = {.debuginfod = true};
	struct seep_symbols *s = NULL;
	struct seep_error e;
	char path[128], url[64];
	const char *const *sentences;
	struct app app;
	unsigned port;
	int requests;
	size_t count;
	pid_t server;

	(void)state;
	if (!dlopen("libdebuginfod.so.1", RTLD_NOW))
		skip();
	make(&app, "-g -O0");
	snprintf(path, sizeof(path), "/buildid/%s/debuginfo", app.id);
	server = serve(path, "app.debug", &port, &requests);
	elf_run("rm app.debug");
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("DEBUGINFOD_CACHE_PATH", "cache", 1);

	/* The variable is no wish: a report must not tell a server what runs here unless it is asked to. */
	expect(&app, NULL, NULL, "--debuginfod");
	assert_false(was_asked(requests));

	assert_int_equal(seep_symbols_open(&s, &options, &app.module, 1, &e), 0);
	assert_false(was_asked(requests)); /* nor before it is needed */
	elf_expect(elf_resolve(s, app.address, &count), NAMED);
	assert_true(was_asked(requests));
	elf_expect_remark(s, NULL);
	seep_symbols_close(s);

	unsetenv("DEBUGINFOD_URLS");
	assert_int_equal(seep_symbols_open(&s, &options, &app.module, 1, &e), 0);
	assert_int_equal(seep_symbols_remarks(s, &sentences), 1);
	assert_non_null(strstr(sentences[0], "DEBUGINFOD_URLS"));
	seep_symbols_close(s);

	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debuglink),
		cmocka_unit_test(test_debuglink_through_symbolic_link),
		cmocka_unit_test(test_debuglink_checksum),
		cmocka_unit_test(test_debug_file_of_another_build),
		cmocka_unit_test(test_build_id_folder),
		cmocka_unit_test(test_unstripped_file_in_a_root),
		cmocka_unit_test(test_better_file_wins),
		cmocka_unit_test(test_changed_since),
		cmocka_unit_test(test_missing_and_strange_files),
		cmocka_unit_test(test_debuglink_with_a_path),
		cmocka_unit_test(test_shared_debug_file),
		cmocka_unit_test(test_packed_symbols),
		cmocka_unit_test(test_debuginfod),
	};

	return cmocka_run_group_tests(tests, elf_set_up, elf_tear_down);
}

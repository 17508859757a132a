/* SPDX-License-Identifier: Apache-2.0
 *
 * start_memory.c: the built-in list. A rule names a function of a library's interface, and holds for the blocks that were
 * allocated by that library and below it on behalf of that function. What the function hands out to its caller, who has to free
 * it, is allocated by the function itself; such a rule says how many calls deeper memory begins that is the library's own.
 *
 * Only functions that a stripped library still names can be in the list. Each entry was seen: tests/cli/gate_start.bats runs
 * programs that make the libraries allocate so, with and without a block of their own that they forget.
 */
#include <string.h>

#include "globs.h"
#include "start_memory.h"

enum library { LIBC, LIBSTDCXX, LIBGOMP, RUST, ANY };

struct rule {
	enum library library;
	unsigned deeper; /* calls between the function and the allocation, at least */
	const char *functions; /* globs, separated by blanks; of names without leading underscores */
	const char *reason;
};

static const struct rule rules[] = {
	{LIBC, 0, "IO_file_doallocate IO_wfile_doallocate IO_wide_data IO_fwide fwide",
		"stdio's buffer of a stream, which is kept until the stream is closed"},
	{LIBC, 0, "setlocale uselocale", "data of the locales in use"},
	{LIBC, 1, "newlocale duplocale", "data of the locales in use"},
	{LIBC, 0, "textdomain bindtextdomain bind_textdomain_codeset *gettext", "message catalogues"},
	{LIBC, 1, "getaddrinfo getaddrinfo_a", "the resolver's and the name service's settings"},
	{LIBC, 0,
		"getnameinfo gethost* getnet* getserv* getproto* getrpc* res_* ns_* getpw* getgr* getsp* getsg* setpw* "
		"setgr* "
		"sethost* setserv* setproto* setnet* setrpc* getgrouplist initgroups getaliasent* innetgr getlogin* "
		"cuserid nss_*",
		"the name service's settings, modules and buffers"},
	{LIBC, 0, "call_init dl_init dl_start_user libc_start_main* libc_start_call_main* run_exit_handlers",
		"start and end of the C and C++ libraries themselves"},
	{LIBC, 0, "dlopen dlmopen dlsym dlvsym dlclose dlerror dladdr* dlinfo libc_dlopen* dl_* backtrace*",
		"the loader's records of open libraries"},
	{LIBC, 0, "pthread_create thrd_create", "a thread's own storage, which is kept for the next thread"},
	{LIBC, 0, "pthread_setspecific tss_set pthread_key_create pthread_atfork register_atfork",
		"a thread's own values"},
	{LIBC, 0, "tls_get_addr* cxa_thread_atexit*", "a thread's own storage"},
	{LIBC, 0, "atexit on_exit at_quick_exit cxa_atexit cxa_at_quick_exit new_exitfn",
		"the list of what is called at exit"},
	{LIBC, 0, "tzset localtime* gmtime* mktime timelocal timegm strftime* wcsftime* ctime* asctime* strptime*",
		"data of the time zone"},
	{LIBC, 0, "setenv putenv unsetenv clearenv", "the environment, whose old texts may still be in use"},
	{LIBC, 2, "iconv_open", "converters between character sets"},
	{LIBC, 0,
		"btowc wctob mb*towc* wc*tomb* mb*rtowc* wc*rtomb* mbsnrtowcs wcsnrtombs mblen mbrlen *wprintf* "
		"*wscanf* "
		"fputwc* fputws* putwc* fgetwc* fgetws* getwc* ungetwc iconv",
		"converters between character sets"},
	{LIBC, 0, "strerror* strsignal perror psignal psiginfo", "the text of a message"},
	{LIBC, 0, "syslog openlog closelog vsyslog *syslog_chk", "syslog's text and connection"},
	{LIBC, 0, "getmntent getttyent getusershell getfsent getfsspec getfsfile ttyname", "the buffer of an answer"},
	{LIBC, 0, "aio_* lio_listio* timer_create mq_notify", "the C library's own threads for asynchronous work"},
	{LIBC, 0, "register_printf_*", "formats that printf was taught"},
	{LIBSTDCXX, 0, "std::locale::* std::__1::locale::* std::use_facet* std::has_facet* std::__use_cache*",
		"data of the locales in use"},
	{LIBSTDCXX, 0,
		"std::num_put<* std::num_get<* std::money_put<* std::money_get<* std::time_put<* std::time_get<* "
		"std::*numpunct* std::*moneypunct* std::*timepunct*",
		"data of the locales in use"},
	{LIBSTDCXX, 0, "std::ios_base::Init::Init* std::ios_base::sync_with_stdio*",
		"the standard streams, which are never closed"},
	{LIBSTDCXX, 0, "cxa_get_globals cxa_thread_atexit", "a thread's own storage"},
	{LIBSTDCXX, 0, "std::chrono::get_tzdb* std::chrono::reload_tzdb*", "data of the time zone"},
	{ANY, 0, "GLOBAL__sub_I_eh_alloc.cc",
		"the emergency pool of exceptions, in a program that holds libstdc++ itself"},
	{RUST, 0, "std::rt::init* std::rt::lang_start* std::thread::current* std::sys_common::thread_info*",
		"what Rust's runtime keeps of the main thread"},
};

static bool begins(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static bool any_begins(const char *module, const char *const *starts)
{
	for (; *starts; starts++)
		if (begins(module, *starts))
			return true;
	return false;
}

static bool in_library(enum library library, const struct seep_gate_frame *frame)
{
	static const char *const libc[] = {"libc.so", "libc-2", "ld-linux", "ld-2", "libpthread", "libdl.so", "libdl-2",
		"librt.so", "librt-2", "libm.so", "libm-2", "libmvec", "libresolv", "libnss_", "libnsl", "libanl",
		"UTF-", NULL};
	static const char *const rust[] = {"std::", "alloc::", "core::", NULL};
	static const char *const stdcxx[] = {"libstdc++", "libc++", "libsupc++", "libgcc_s", NULL};

	switch (library) {
	case LIBC:
		return any_begins(frame->module, libc);
	case LIBSTDCXX:
		return any_begins(frame->module, stdcxx);
	case LIBGOMP:
		return begins(frame->module, "libgomp") || begins(frame->module, "libomp");
	case RUST:
		return frame->named && any_begins(frame->function + (*frame->function == '<'), rust);
	default:
		return true;
	}
}

static bool in_runtime(const struct seep_gate_frame *frame)
{
	return in_library(LIBC, frame) || in_library(LIBSTDCXX, frame);
}

/* "__GI___dlopen" -> "dlopen": glibc's debug information has other names for its interface than the symbol table. */
static const char *plain_name(const char *function)
{
	if (begins(function, "__GI_"))
		function += 5;
	function += strspn(function, "_");
	return begins(function, "IO_new_") ? function + 3 : function;
}

static bool one_of(const char *globs, const char *function)
{
	char glob[64];

	while (*globs) {
		size_t length = strcspn(globs, " ");

		memcpy(glob, globs, length);
		glob[length] = '\0';
		if (seep_glob_match_function(glob, function))
			return true;
		globs += length + (globs[length] == ' ');
	}
	return false;
}

static const char *rule_reason(const struct seep_gate_frame *frame, const char *function, unsigned depth)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (depth >= rules[i].deeper && in_library(rules[i].library, frame) &&
			one_of(rules[i].functions, plain_name(function)))
			return rules[i].reason;
	return NULL;
}

/* The frames from the leaf on that are in these libraries; `depth` counts calls, as inlined frames are none. */
const char *seep_start_memory_reason(const struct seep_gate_stack *stack)
{
	const struct seep_gate_frame *f = stack->frames;
	bool runtime = true; /* all of them so far are in the C and C++ libraries */
	unsigned depth = 0;
	size_t i = 0;

	for (; i < stack->count; i++) {
		const char *reason;

		if (in_library(LIBGOMP, &f[i]))
			return "OpenMP's threads and what they share";
		reason = f[i].named ? rule_reason(&f[i], f[i].function, depth) : NULL;
		if (reason)
			return reason;
		runtime = runtime && in_runtime(&f[i]);
		if (!runtime && !in_library(RUST, &f[i]))
			break;
		depth += !f[i].inlined;
	}
	/* The library's function may have gone by jumping into another one; the caller still says whom it called. */
	if (i && depth && i < stack->count && f[i].called)
		return rule_reason(&f[i - 1], f[i].called, depth - 1);
	return runtime && i && stack->whole ? "start and end of the C and C++ libraries themselves" : NULL;
}

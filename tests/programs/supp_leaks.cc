/* SPDX-License-Identifier: Apache-2.0
 * flags: -Wl,-rpath,$ORIGIN -ldl
 *
 * Forgets one block in each of many ways, every one of another size, so that for a file of suppressions one can see which are left: for
 * tests/cli/gate_suppressions.bats, which runs it under seep, LeakSanitizer and Valgrind. Nothing points to them, neither
 * from the stack nor from a register.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <vector>

#define OUT_OF_LINE __attribute__((noinline))

static void *volatile sink;

OUT_OF_LINE static void forget(void *block)
{
	sink = block;
	sink = nullptr;
}

extern "C" {
OUT_OF_LINE void session_open(void)
{
	forget(malloc(1001));
}

OUT_OF_LINE void session_close(void)
{
	forget(calloc(1, 1002));
}

OUT_OF_LINE void session_resize(void)
{
	forget(realloc(malloc(10), 1003));
}

OUT_OF_LINE void session_name(void)
{
	char text[1004];

	memset(text, 'x', sizeof(text));
	text[1003] = 0;
	forget(strdup(text));
}

OUT_OF_LINE void handle_request(void)
{
	session_open();
	session_close();
	session_resize();
	session_name();
}
}

namespace net
{
class Session
{
	char *buffer;

      public:
	OUT_OF_LINE Session() : buffer(new char[1005])
	{
		forget(buffer);
		buffer = nullptr;
	}
	OUT_OF_LINE void reply(const char *text)
	{
		forget(operator new(1006));
		if (text)
			puts(text);
	}
};

template <class T, int n> struct Box {
	OUT_OF_LINE static void grow(T *)
	{
		forget(new char[n]);
	}
};

namespace
{
OUT_OF_LINE void hidden()
{
	forget(malloc(1008));
}
} // namespace

OUT_OF_LINE void run()
{
	Session session;

	session.reply(nullptr);
	Box<int, 1007>::grow(nullptr);
	hidden();
}
} // namespace net

/* Calls itself, so that a context of the caller alone does not fit. */
OUT_OF_LINE static int recurse(int depth)
{
	if (depth == 0) {
		forget(malloc(1009));
		return 0;
	}
	return recurse(depth - 1) + 1;
}

/* What earlier calls left on the stack. */
OUT_OF_LINE static void scrub(void)
{
	volatile char rest[16384];

	memset((void *)rest, 0, sizeof(rest));
}

int main(int argc, char **argv)
{
	char path[4096];
	void *library;
	void (*third)(void);

	(void)argc;
	snprintf(path, sizeof(path), "%.*ssupp_leaks_third.so", (int)(strrchr(argv[0], '/') + 1 - argv[0]), argv[0]);
	library = dlopen(path, RTLD_NOW);
	*(void **)&third = library ? dlsym(library, "third_start") : nullptr;
	if (!third)
		return 1;
	third();
	handle_request();
	net::run();
	recurse(5);
	scrub();
	return 0;
}

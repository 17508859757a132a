# SPDX-License-Identifier: Apache-2.0
#
# Builds seep. `make help` lists the targets. Sources are found by wildcard: a new file needs no edit here.
# Several builds live side by side: `make BUILD=build/clang CC=clang WERROR=1`, and `make asan` uses build/asan.

VERSION = 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC = gcc
CXX = g++
CFLAGS ?= -O2 -g
CXXFLAGS ?= -O2 -g
LDFLAGS ?=

# WERROR=1 makes warnings errors (the tests do); SANITIZE=address,undefined instruments everything except libseep.so.
WERROR ?=
SANITIZE ?=

WARNINGS = -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wundef $(if $(WERROR),-Werror)
SANITIZE_FLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
COMMON_FLAGS = -std=gnu11 -D_GNU_SOURCE -Iinclude $(WARNINGS) $(CFLAGS)

# A source called NAME_<architecture>.c is built for that one only, NAME_generic.c where no such file stands beside it.
ARCHITECTURES = x86_64 aarch64 riscv64
ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
foreign = $(foreach a,$(filter-out $(ARCH),$(ARCHITECTURES)),%_$a.c %_$a.S) \
	$(patsubst %_$(ARCH).c,%_generic.c,$(filter %_$(ARCH).c,$1)) $(patsubst %_$(ARCH).S,%_generic.c,$(filter %_$(ARCH).S,$1))
choose = $(filter-out $(call foreign,$1),$1)
objects = $(patsubst %,$(BUILD)/obj/%.o,$(call choose,$(wildcard $1)))

PRELOAD_OBJECTS := $(call objects,preload/*.c preload/*.S)
COLLECTOR_OBJECTS := $(call objects,collector/*.c)
ANALYZER_OBJECTS := $(call objects,analyzer/*.c)
UNIT_SUPPORT_OBJECTS := $(call objects,tests/unit/support_*.c)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
TEST_PROGRAMS := $(patsubst tests/programs/%.c,$(BUILD)/tests/programs/%,$(wildcard tests/programs/*.c)) \
	$(patsubst tests/programs/%.cc,$(BUILD)/tests/programs/%,$(wildcard tests/programs/*.cc))

# libseep.so lives inside other people's programs: nothing but libc, no exported name but the hooks, thread-locals that
# need no allocation, and no call that the compiler turned into one of the functions that we replace.
PRELOAD_FLAGS = -fPIC -fvisibility=hidden -ftls-model=initial-exec -fasynchronous-unwind-tables -fno-stack-protector \
	-fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free -U_FORTIFY_SOURCE $(PRELOAD_LTO)
# The hot paths cross files; a sixth of their time goes where they can't be inlined. clang's would need another linker. The
# archives for tests hold machine code as well, so that the linker needs no plugin to read them.
LTO := $(if $(shell $(CC) --version 2>/dev/null | grep -i 'free software'),-flto)
PRELOAD_LTO := $(if $(LTO),$(LTO) -fno-tree-vectorize)
# Whoever set a small stack (ulimit -s) for the program has set it for the collector and seep, too.
FRAMES = $(if $(SANITIZE_FLAGS),,-Wframe-larger-than=16384)
COLLECTOR_FLAGS = $(FRAMES) $(if $(SANITIZE_FLAGS),,$(patsubst -O2,-O3,$(filter -O2,$(CFLAGS))) $(if $(LTO),$(LTO) -ffat-lto-objects))
PRELOAD_LDFLAGS = -shared -Wl,-z,initfirst -Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,--as-needed
COLLECTOR_LIBS = -lzstd -lxxhash -pthread -lm
ANALYZER_LIBS = -lzstd -lxxhash -ldw -lelf -linih -ljansson -liberty -pthread -lm

all: $(BUILD)/seep $(BUILD)/seep-collector $(BUILD)/libseep.so ## Build build/seep, build/seep-collector and build/libseep.so

# --- the three programs -----------------------------------------------------------------------------------------------

$(BUILD)/libseep.so: $(PRELOAD_OBJECTS)
	$(CC) $(CFLAGS) $(PRELOAD_LTO) $(PRELOAD_LDFLAGS) $(LDFLAGS) -o $@.part $(PRELOAD_OBJECTS)
	@needed=$$(LC_ALL=C readelf -d $@.part | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v -e '^libc\.so\.' -e '^ld-linux'); \
	if [ -n "$$needed" ]; then echo "$@ must need nothing but libc, and needs: $$needed" >&2; exit 1; fi
	@mv $@.part $@

$(BUILD)/seep-collector: $(COLLECTOR_OBJECTS)
	$(CC) $(CFLAGS) $(COLLECTOR_FLAGS) $(SANITIZE_FLAGS) $(LDFLAGS) -o $@ $(COLLECTOR_OBJECTS) $(COLLECTOR_LIBS)

$(BUILD)/seep: $(ANALYZER_OBJECTS)
	$(CC) $(CFLAGS) $(SANITIZE_FLAGS) $(LDFLAGS) -o $@ $(ANALYZER_OBJECTS) $(ANALYZER_LIBS)

$(BUILD)/obj/preload/%.o: SANITIZE_FLAGS =
$(BUILD)/obj/preload/%.o: FOLDER_FLAGS = $(PRELOAD_FLAGS)
$(BUILD)/obj/collector/%.o: FOLDER_FLAGS = $(COLLECTOR_FLAGS)
$(BUILD)/obj/analyzer/%.o: FOLDER_FLAGS = $(FRAMES) -DSEEP_VERSION='"$(VERSION)"'
$(BUILD)/obj/tests/unit/%.o: FOLDER_FLAGS = -Ianalyzer -Icollector

$(BUILD)/obj/%.c.o: %.c $(BUILD)/obj/flags | $(BUILD)/obj/headers-found
	@mkdir -p $(@D)
	$(CC) $(COMMON_FLAGS) $(SANITIZE_FLAGS) $(FOLDER_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.S.o: %.S $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(CC) $(COMMON_FLAGS) $(FOLDER_FLAGS) -MMD -MP -c -o $@ $<

# Other flags or another compiler make every object old.
FLAGS_NOW = $(VERSION) $(CC) $(CXX) $(COMMON_FLAGS) $(PRELOAD_FLAGS) $(COLLECTOR_FLAGS) $(SANITIZE_FLAGS) $(LDFLAGS)
$(BUILD)/obj/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' >$@

# Says once, and before the compiler's own pages of errors, which packages are missing.
$(BUILD)/obj/headers-found: tests/packages.txt
	@mkdir -p $(@D)
	@command -v $(firstword $(CC)) >/dev/null || { echo "no compiler: $(CC). As root: apt-get install gcc libc6-dev" >&2; exit 1; }
	@missing=$$(awk '$$1 == "build" && $$3 != "" { print $$3, $$2 }' tests/packages.txt | while read -r header package; do \
		echo "#include <$$header>" | $(CC) -E -x c - >/dev/null 2>&1 || printf ' %s' "$$package"; done); \
	if [ -n "$$missing" ]; then echo "libraries are missing. As root: apt-get install$$missing" >&2; exit 1; fi
	@touch $@

# --- what the tests run -----------------------------------------------------------------------------------------------

# Unit tests link against archives of all but the two main.c, so that a test may bring its own stand-in for a function.
$(BUILD)/obj/collector.a: $(filter-out %/collector/main.c.o,$(COLLECTOR_OBJECTS))
$(BUILD)/obj/analyzer.a: $(filter-out %/analyzer/main.c.o,$(ANALYZER_OBJECTS))
$(BUILD)/obj/collector.a $(BUILD)/obj/analyzer.a:
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.c.o $(UNIT_SUPPORT_OBJECTS) $(BUILD)/obj/analyzer.a $(BUILD)/obj/collector.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE_FLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(ANALYZER_LIBS) $(COLLECTOR_LIBS)

# The programs with known truth. A comment `flags: ...` in the first five lines adds to the command; NAME.so.c becomes a
# shared library. Built without builtins, so that each call in the source is a call in the program.
program_flags = $(shell sed -n '1,5{s|\*/||;s|^.*flags: ||p}' $<)
PROGRAM_FLAGS = -g -O0 -fno-builtin -Wall -Wextra -Iinclude

$(BUILD)/tests/programs/%.so: tests/programs/%.so.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(PROGRAM_FLAGS) -MMD -MP -MF $@.d -shared -fPIC -o $@ $< $(program_flags)

$(BUILD)/tests/programs/%: tests/programs/%.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(PROGRAM_FLAGS) -MMD -MP -MF $@.d -o $@ $< $(program_flags)

$(BUILD)/tests/programs/%: tests/programs/%.cc $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(CXX) -std=gnu++17 $(PROGRAM_FLAGS) -MMD -MP -MF $@.d -o $@ $< $(program_flags)

# Fuzzers need clang; `make fuzzers` calls this file again with the right flags.
$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.c.o $(BUILD)/obj/analyzer.a $(BUILD)/obj/collector.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE_FLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(ANALYZER_LIBS) $(COLLECTOR_LIBS)
$(BUILD)/obj/tests/fuzz/%.o: FOLDER_FLAGS = -Ianalyzer -Icollector

unit-tests: $(UNIT_TESTS) ## Build the unit tests
programs: $(TEST_PROGRAMS) ## Build the small programs that the tests trace
fuzzers-here: $(FUZZERS)

fuzzers: ## Build the fuzzers (clang) in build/fuzz
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang CFLAGS='-O1 -g' SANITIZE=address,undefined,fuzzer-no-link fuzzers-here

asan: ## Build collector, analyzer and unit tests under ASan and UBSan in build/asan
	@$(MAKE) --no-print-directory BUILD=build/asan CFLAGS='-O1 -g' SANITIZE=address,undefined all unit-tests

tsan: ## Build shim and collector as one program under ThreadSanitizer in build/tsan
	@$(MAKE) --no-print-directory BUILD=build/tsan CFLAGS='-O1 -g' SANITIZE=thread build/tsan/tests/tsan/wire

$(BUILD)/tests/tsan/wire: $(BUILD)/obj/tests/tsan/wire.c.o $(BUILD)/obj/tests/tsan/shim.c.o $(BUILD)/obj/collector.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE_FLAGS) $(LDFLAGS) -o $@ $^ $(COLLECTOR_LIBS)
$(BUILD)/obj/tests/tsan/%.o: FOLDER_FLAGS = -Icollector

FUZZ_SECONDS ?= 3600
fuzz: fuzzers ## Fuzz for FUZZ_SECONDS (an hour) each
	sh tests/fuzz.sh $(FUZZ_SECONDS)

examples: ## Build the session server, its repaired twin and their load driver in build/examples
	@$(MAKE) --no-print-directory -f examples/Makefile BUILD=$(BUILD)

MINUTES ?= 10
stress: all programs ## Trace the test programs for MINUTES (10) with random faults
	sh tests/stress.sh $(MINUTES)

check: all unit-tests programs ## Run the whole suite (tests/run.sh without the set-up)
	sh tests/run.sh --no-setup

bench: all ## Measure overhead, analyzer speed and trace size
	sh bench/run.sh

layers: ## Check that each folder includes only what it may
	sh tests/layers.sh

OUR_C = $(wildcard $(foreach d,include/seep preload collector analyzer examples examples/* bench tests/unit tests/fuzz tests/tsan tests/programs,\
	$d/*.c $d/*.h $d/*.cc))
format: ## Format all C
	clang-format -i $(OUR_C)

tidy: ## Run clang-tidy
	sh tests/tidy.sh

analyze: ## Run the analyzers of gcc and cppcheck (clang's is in tidy)
	sh tests/analyze.sh

# --- installing -------------------------------------------------------------------------------------------------------

# The shim starts the collector that lies in its own folder, so the two stay together. seep looks for both beside itself
# (the build tree) and then in ../lib/seep.
install: all ## Install below PREFIX (/usr/local), with DESTDIR in front of it
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/seep $(DESTDIR)$(PREFIX)/include/seep \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(BUILD)/seep $(DESTDIR)$(PREFIX)/bin/seep
	install -m 755 $(BUILD)/seep-collector $(DESTDIR)$(PREFIX)/lib/seep/seep-collector
	install -m 644 $(BUILD)/libseep.so $(DESTDIR)$(PREFIX)/lib/seep/libseep.so
	install -m 644 include/seep/seep.h $(DESTDIR)$(PREFIX)/include/seep/seep.h
	install -m 644 docs/seep.1 $(DESTDIR)$(PREFIX)/share/man/man1/seep.1
	install -m 644 completion/seep.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/seep

uninstall: ## Remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/seep $(DESTDIR)$(PREFIX)/lib/seep/seep-collector \
		$(DESTDIR)$(PREFIX)/lib/seep/libseep.so $(DESTDIR)$(PREFIX)/include/seep/seep.h \
		$(DESTDIR)$(PREFIX)/share/man/man1/seep.1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/seep
	-rmdir $(DESTDIR)$(PREFIX)/lib/seep $(DESTDIR)$(PREFIX)/include/seep

clean: ## Remove build/
	rm -rf build

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 14

.PHONY: all unit-tests programs fuzzers fuzzers-here asan tsan fuzz stress examples check bench layers format tidy analyze install uninstall clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/tests/*/*.d $(BUILD)/tests/programs/*.d)

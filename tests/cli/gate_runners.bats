# SPDX-License-Identifier: Apache-2.0
#
# The lines of docs/GATE.md for the test runners that people have: each is tried on a project with two tests, as it is (passes) and with a
# leak in one of them (fails, and says where).
load support

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	for variable in $(compgen -e SEEP_) $(compgen -e MAKE) MFLAGS; do
		unset "$variable"
	done
	mkdir .git bin
	ln -s "$seep" bin/seep
	ln -s "$repository/build/seep-collector" "$repository/build/libseep.so" bin
	PATH=$PWD/bin:$PATH
	cat >unit.c <<-'END'
		#include "unit.h"
		#include <stdlib.h>
		#include <string.h>
		char *unit_copy(const char *text)
		{
			char *copy = malloc(strlen(text) + 1);
			return copy ? strcpy(copy, text) : NULL;
		}
	END
	echo 'char *unit_copy(const char *text);' >unit.h
	cat >test_one.c <<-'END'
		#include "unit.h"
		#include <stdlib.h>
		int main(void)
		{
			char *copy = unit_copy("one");
			if (!getenv("LEAK"))
				free(copy);
			return copy == NULL;
		}
	END
	sed 's/!getenv("LEAK")/copy/; s/one/two/' test_one.c >test_two.c
	unset LEAK
}

# The line stands in the guide, as it is.
documented() {
	grep -qF -- "$1" "$repository/docs/GATE.md" || {
		echo "docs/GATE.md lacks: $1"
		return 1
	}
}

# check LINE: passes without the leak, and fails with it and names the place.
check() {
	documented "$1"
	try bash -c "$1"
	exits 0
	export LEAK=yes
	try bash -c "$1"
	[ "$status" != 0 ] || exits 1
	[[ $out$err == *"unit_copy, unit.c:6"* ]] || {
		printf 'stdout: %s\nstderr: %s\n' "$out" "$err"
		return 1
	}
	unset LEAK
}

cmake_project() {
	cat >CMakeLists.txt <<-'END'
		cmake_minimum_required(VERSION 3.20)
		project(unit C)
		enable_testing()
		foreach(name one two)
			add_executable(test_${name} test_${name}.c unit.c)
			target_compile_options(test_${name} PRIVATE -g)
			add_test(NAME ${name} COMMAND test_${name})
		endforeach()
	END
}

@test "CTest, all of it" {
	cmake_project
	cmake -S . -B build >/dev/null
	cmake --build build >/dev/null
	check "seep gate -- ctest --test-dir build -j8"
}

@test "CTest, a gate for each test, side by side" {
	cmake_project
	line="cmake -S . -B build -DCMAKE_CROSSCOMPILING_EMULATOR='seep;gate;--'"
	documented "$line"
	bash -c "$line" >/dev/null
	cmake --build build >/dev/null
	check "ctest --test-dir build -j8 --output-on-failure"
	export LEAK=yes
	try ctest --test-dir build -j8
	[[ $out == *"1 - one (Failed)"* ]]
	[[ $out != *"2 - two (Failed)"* ]]
	[[ $out == *"50% tests passed, 1 tests failed out of 2"* ]]
}

@test "one summary over all processes, after the tests" {
	cmake_project
	cmake -S . -B build >/dev/null
	cmake --build build >/dev/null
	documented "seep run -o '/tmp/traces/%e.%p.seep' -- ctest --test-dir build -j8"
	documented "seep gate --junit junit.xml /tmp/traces"
	mkdir traces
	export LEAK=yes
	try seep run -o 'traces/%e.%p.seep' -- ctest --test-dir build -j8
	exits 0
	try seep gate --junit junit.xml traces
	exits 1
	[[ $out == *"unit_copy, unit.c:6"* ]]
	[ "$(xmllint --xpath 'count(//failure)' junit.xml)" = 2 ]
}

@test "Meson" {
	cat >meson.build <<-'END'
		project('unit', 'c', default_options : ['debug=true'])
		foreach name : ['one', 'two']
			test(name, executable('test_' + name, 'test_' + name + '.c', 'unit.c'))
		endforeach
	END
	meson setup build >/dev/null
	ninja -C build >/dev/null
	check "meson test -C build --wrapper='seep gate --' --print-errorlogs"
	check "seep gate -- meson test -C build"
}

@test "make, with a variable before each test" {
	printf '%s\n' 'TESTS = test_one test_two' 'all: $(TESTS)' \
		'test_%: test_%.c unit.c; $(CC) -g -o $@ $^' \
		'check: $(TESTS); for test in $(TESTS); do $(WRAPPER) ./$$test || exit; done' >Makefile
	make -s all 2>/dev/null
	check "seep gate -- make check"
	check "make check WRAPPER='seep gate --'"
}

@test "Automake" {
	cat >configure.ac <<-'END'
		AC_INIT([unit], [1])
		AM_INIT_AUTOMAKE([foreign subdir-objects])
		AC_PROG_CC
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	cat >Makefile.am <<-'END'
		AM_CFLAGS = -g
		check_PROGRAMS = test_one test_two
		test_one_SOURCES = test_one.c unit.c unit.h
		test_two_SOURCES = test_two.c unit.c unit.h
		TESTS = $(check_PROGRAMS)
	END
	autoreconf -i >/dev/null 2>&1
	./configure >/dev/null
	line="make check LOG_COMPILER='seep gate --'"
	documented "$line"
	try bash -c "$line"
	exits 0
	export LEAK=yes
	try bash -c "$line"
	[ "$status" != 0 ]
	grep -q '^FAIL: test_one' test-suite.log
	grep -q "unit_copy, unit.c:6" test_one.log
	grep -q '^:test-result: PASS' test_two.trs
}

@test "a runner that gives tests an environment and a folder of their own, as Bazel does" {
	gcc -g -o test_one test_one.c unit.c
	cat >runner <<-'END'
		#!/bin/bash
		# runner --run_under=PREFIX TEST
		prefix=${1#--run_under=}
		folder=$(mktemp -d "$PWD/sandbox.XXXXXX")
		cp "$2" "$folder"
		cd "$folder"
		mkdir tmp
		exec env -i PATH="$PATH" TEST_TMPDIR="$folder/tmp" HOME=/nowhere ${LEAK:+LEAK=$LEAK} $prefix "./$(basename "$2")"
	END
	chmod +x runner
	documented "bazel test --run_under='seep gate --' //..."
	try ./runner --run_under='seep gate --' test_one
	exits 0
	export LEAK=yes
	try ./runner --run_under='seep gate --' test_one
	exits 1
	[[ $err == *"unit_copy, "*"unit.c:6"* ]]
}

@test "pytest, of a C extension" {
	cat >extension.c <<-'END'
		#define PY_SSIZE_T_CLEAN
		#include <Python.h>
		#include "unit.h"
		static PyObject *copied(PyObject *self, PyObject *text)
		{
			char *copy = unit_copy(PyUnicode_AsUTF8(text));
			PyObject *result = PyUnicode_FromString(copy);
			(void)self;
			if (!getenv("LEAK"))
				free(copy);
			return result;
		}
		static PyMethodDef methods[] = {{"copied", copied, METH_O, ""}, {NULL, NULL, 0, NULL}};
		static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "extension", NULL, -1, methods, NULL, NULL, NULL, NULL};
		PyMODINIT_FUNC PyInit_extension(void)
		{
			return PyModule_Create(&module);
		}
	END
	# shellcheck disable=SC2046 # flags
	gcc -g -shared -fPIC $(/usr/bin/python3-config --includes) -o extension.so extension.c unit.c
	cat >conftest.py <<-'END'
		def pytest_addoption(parser):
		    parser.addoption("--iterations", type=int, default=10)
	END
	cat >test_extension.py <<-'END'
		import extension
		def test_copied(request):
		    for i in range(request.config.getoption("--iterations")):
		        assert extension.copied("text") == "text"
	END
	ln -s /usr/bin/python3 bin/python3
	check "seep gate --scale 100,200 -- python3 -m pytest -q --iterations {}"
}

@test "cargo test" {
	command -v cargo >/dev/null || skip "cargo is not installed"
	mkdir crate
	cd crate
	cargo init -q --lib --name unit --vcs none . 2>/dev/null
	cat >src/lib.rs <<-'END'
		pub fn unit_copy(text: &str) -> Box<[u8]> {
		    text.as_bytes().into()
		}
		#[cfg(test)]
		mod tests {
		    #[test]
		    fn copies() {
		        let copy = super::unit_copy("one");
		        assert_eq!(copy.len(), 3);
		        if std::env::var("LEAK").is_ok() {
		            std::mem::forget(copy);
		        }
		    }
		    #[test]
		    fn copies_nothing() {
		        assert_eq!(super::unit_copy("").len(), 0);
		    }
		}
	END
	for line in "seep gate -- cargo test" "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER='seep gate --' cargo test"; do
		documented "$line"
		unset LEAK
		try bash -c "$line"
		exits 0
		export LEAK=yes
		try bash -c "$line"
		[ "$status" != 0 ]
		[[ $err == *"unit::unit_copy, "*"src/lib.rs:2"* ]]
	done
}

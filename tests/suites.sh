# SPDX-License-Identifier: Apache-2.0
#
# Test suites of other people, of Debian's packages, run without seep and with it: the results of each test have to be the same.
#   sh tests/suites.sh all|NAME...     python3 (libpython3.11-testsuite), numpy (python3-numpy, python3-pytest, python3-hypothesis), sqlite3, openssl
# Prints a line for each suite, and every test whose result differs; exit status 1 then. Not part of the suite: it takes some minutes.
set -u
all='python3 numpy sqlite3 openssl'
[ "${1-}" = all ] && set -- $all
seep=$PWD/build/seep
scripts=$PWD/tests/suites
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH PYTHONHASHSEED=0 LC_ALL=C.UTF-8
# shellcheck disable=SC2046 # one word each
unset $(env | sed -n 's/^\(SEEP_[A-Z_]*\)=.*/\1/p')
differ=0

# Those that are about memory, processes, threads, signals, descriptors and limits, where a tracer could do harm, and the large ones.
python_tests='test_fork1 test_subprocess test_os test_posix test_signal test_threading test_threadsignals test_thread test_faulthandler
	test_resource test_mmap test_gc test_weakref test_ctypes test_sqlite3 test_json test_re test_dict test_list test_set test_unicode
	test_bytes test_io test_fileio test_ssl test_select test_selectors test_asyncore test_multiprocessing_fork
	test_multiprocessing_spawn test_concurrent_futures test_zlib test_bz2 test_lzma test_hashlib test_decimal test_struct test_array
	test_pickle test_marshal test_ast test_compile test_exceptions test_generators test_coroutines test_xml_etree test_xml_etree_c
	test_csv test_datetime test_zipfile test_tarfile test_tempfile test_shutil test_pty test_ioctl test_fcntl test_wait3 test_wait4
	test_atexit test_embed test_capi test_sys test_super test_descr test_long test_float test_math test_random test_email'

# Each suite prints a line a test, "NAME RESULT", in any order. $@ is what to put before the command.
suite_python3() {
	for test in $python_tests; do
		rm -f "$work/python3.xml"
		"$@" timeout 200 python3 -m test --junit-xml "$work/python3.xml" --timeout 180 "$test" >>"$work/python3.log" 2>&1
		# One that hangs, or kills itself, leaves no file: that is its result.
		[ -e "$work/python3.xml" ] || echo "$test none"
		[ ! -e "$work/python3.xml" ] || python3 - "$work/python3.xml" <<'END'
import sys, xml.etree.ElementTree as tree
for case in tree.parse(sys.argv[1]).iter('testcase'):
    kinds = {child.tag for child in case} & {'failure', 'error', 'skipped'}
    print(case.get('name'), ','.join(sorted(kinds)) or case.get('result') or 'passed')
END
	done
}

# Not numpy.core and numpy.lib: some of their tests take all memory that there is.
suite_numpy() {
	"$@" python3 -m pytest -q -p no:cacheprovider --junit-xml="$work/numpy.xml" --pyargs numpy.linalg numpy.random numpy.ma \
		numpy.fft numpy.polynomial >"$work/numpy.log" 2>&1
	python3 - "$work/numpy.xml" <<'END'
import sys, xml.etree.ElementTree as tree
for case in tree.parse(sys.argv[1]).iter('testcase'):
    kinds = {child.tag for child in case} & {'failure', 'error', 'skipped'}
    print(case.get('classname') + '.' + case.get('name').replace(' ', '_'), ','.join(sorted(kinds)) or 'passed')
END
}

# What each statement and each command answers is its result.
suite_sqlite3() {
	(cd "$work" && rm -f suite.db && "$@" sqlite3 -batch suite.db <"$scripts/sqlite3.sql" 2>&1) | cat -n | sed 's/^ *\([0-9]*\)\t/line\1 /'
	(cd "$work" && "$@" sqlite3 suite.db .dump | sha256sum | sed 's/^/dump /')
}

suite_openssl() {
	(cd "$work" && "$@" sh "$scripts/openssl.sh" 2>&1) | cat -n | sed 's/^ *\([0-9]*\)\t/line\1 /'
}

for name in "$@"; do
	suite_"$name" env | sort >"$work/$name.untraced"
	rm -rf "$work/traces"
	mkdir "$work/traces"
	suite_"$name" "$seep" run -o "$work/traces/%e.%p.seep" -- | sort >"$work/$name.traced"
	processes=$(find "$work/traces" -name '*.seep' | wc -l)
	echo "$name: $(wc -l <"$work/$name.untraced") results, $(diff "$work/$name.untraced" "$work/$name.traced" | grep -c '^[<>]') differences, $processes traces"
	if [ "$(wc -l <"$work/$name.untraced")" -lt 20 ] || [ "$processes" -eq 0 ] || ! diff "$work/$name.untraced" "$work/$name.traced"; then
		differ=1
		[ -z "${SUITES_KEEP-}" ] || cp "$work/$name".* "$SUITES_KEEP"
	fi
done
exit $differ

# SPDX-License-Identifier: Apache-2.0
#
# `make install` puts everything where it belongs, what is installed works from there, and uninstall leaves nothing.
. tests/tap.sh

prefix=$scratch/prefix
try "make install PREFIX=" make install PREFIX="$prefix"
try "DESTDIR goes in front" make install PREFIX=/usr DESTDIR="$scratch/stage"
find "$scratch/stage/usr" -type f | sed "s|$scratch/stage/usr/||" | sort >"$scratch/staged"
find "$prefix" -type f | sed "s|$prefix/||" | sort >"$scratch/installed"
try "both hold the same files" cmp "$scratch/staged" "$scratch/installed"

cat >"$scratch/expected" <<'END'
bin/seep
include/seep/seep.h
lib/seep/libseep.so
lib/seep/seep-collector
share/bash-completion/completions/seep
share/man/man1/seep.1
END
try "the files are the ones promised" diff "$scratch/expected" "$scratch/installed"

records() { # COMMAND...: leaves one complete trace
	rm -rf "$scratch/here"
	mkdir "$scratch/here"
	(cd "$scratch/here" && "$@") || return
	set -- "$scratch"/here/*.seep
	[ $# = 1 ] && (cd / && "$prefix/bin/seep" report --json "$1" | grep -q '"complete": *true')
}

leak=$PWD/build/tests/programs/leak_37
try "the installed seep records and reports" records "$prefix/bin/seep" run -- "$leak"
try "so does the installed library by LD_PRELOAD" records env LD_PRELOAD="$prefix/lib/seep/libseep.so" "$leak"

try "the header alone compiles as C" sh -c "echo '#include <seep/seep.h>' | gcc -std=c11 -Wall -Wextra -Werror -I '$prefix/include' -x c -c -o /dev/null -"
try "the header alone compiles as C++" sh -c "echo '#include <seep/seep.h>' | g++ -std=c++11 -Wall -Wextra -Werror -I '$prefix/include' -x c++ -c -o /dev/null -"

try "make uninstall" make uninstall PREFIX="$prefix"
nothing_left() {
	[ -z "$(find "$prefix" -type f)" ]
}
try "uninstall leaves no file" nothing_left
done_testing

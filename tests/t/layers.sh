# SPDX-License-Identifier: Apache-2.0
#
# The layers hold, and tests/layers.sh notices when they do not.
. tests/tap.sh

try "every folder includes only what it may" sh tests/layers.sh

# A line added to a file must be reported with that file and line.
notices() { # FILE LINE
	rm -rf "$scratch/tree"
	mkdir "$scratch/tree"
	cp -r include preload collector analyzer examples "$scratch/tree/"
	printf '%s\n' '/* first line */' "$2" >"$scratch/tree/$1"
	said=$(sh tests/layers.sh "$scratch/tree" 2>&1) && return 1
	printf '%s\n' "$said" | grep "^$1:2: "
}

while read -r file line; do
	try "noticed: $line in $file" notices "$file" "$line"
done <<'END'
preload/bad.c #include <seep/trace.h>
preload/bad.c #include "seep/trace.h"
preload/bad.c #  include <stdio.h>
preload/bad.h #include "books.h"
collector/bad.c #include "../preload/ring.h"
collector/bad.c #include <analyzer/model.h>
analyzer/bad.c #include <seep/wire.h>
analyzer/bad.c #include HEADER
include/seep/bad.h #include <seep/wire.h>
examples/bad.c #include "seep/trace.h"
END

done_testing

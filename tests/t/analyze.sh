# SPDX-License-Identifier: Apache-2.0
#
# The analyzers of gcc and cppcheck have nothing to say, and would have if there were something.
. tests/tap.sh

notices() (
	rm -rf "$scratch/bad" && mkdir "$scratch/bad" && cd "$scratch/bad" && mkdir tests preload collector analyzer include && cp "$OLDPWD/tests/analyze.sh" tests || return
	for folder in preload collector analyzer; do
		echo 'int nothing_wrong;' >$folder/good.c
	done
	printf '%s\n' "$1" >collector/bad.c
	! sh tests/analyze.sh
)

try "make analyze" make analyze
try "gcc's analyzer notices a block that is freed twice" notices '#include <stdlib.h>
void bad(void *b); void bad(void *b) { free(b); free(b); }'
try "cppcheck notices an index out of range" notices 'int bad(void); int bad(void) { int a[2] = {0}; int i = 5; return a[i]; }'
done_testing

# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy, with the rules of .clang-tidy, finds nothing in the three programs.
. tests/tap.sh

for source in preload/*.c collector/*.c analyzer/*.c; do
	try "$source" sh tests/tidy.sh "$source"
done
done_testing

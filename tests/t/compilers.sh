# SPDX-License-Identifier: Apache-2.0
#
# Everything builds without a warning, by gcc and by clang.
. tests/tap.sh

try "gcc has no warning" make BUILD=build/strict CC=gcc WERROR=1 all unit-tests
try "clang has no warning" make BUILD=build/clang CC=clang CXX=clang++ WERROR=1 all unit-tests
try "gcc has no warning in the examples" make BUILD=build/strict CC=gcc WERROR=1 examples
try "clang has no warning in the examples" make BUILD=build/clang CC=clang WERROR=1 examples
done_testing

# SPDX-License-Identifier: Apache-2.0
#
# Every fuzzer builds and finds nothing within twenty seconds. `make fuzz` goes on for longer.
. tests/tap.sh

try "make fuzzers" make fuzzers
try "nothing found in a short run" sh tests/fuzz.sh 20
done_testing

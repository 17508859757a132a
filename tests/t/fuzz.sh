# SPDX-License-Identifier: Apache-2.0
#
# Every fuzzer builds and finds nothing within half a minute. `make fuzz` goes on for longer.
. tests/tap.sh

try "make fuzzers" make fuzzers
try "nothing found in a short run" sh tests/fuzz.sh 30
done_testing

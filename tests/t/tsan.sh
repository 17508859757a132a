# SPDX-License-Identifier: Apache-2.0
#
# Shim and collector in one process under ThreadSanitizer: no races on what they share, and books that are right to the byte.
. tests/tap.sh

# With fixed addresses where the system allows it: older sanitizers do not cope with all of the others.
fixed=
setarch -R true 2>/dev/null && fixed="setarch -R"

try "make tsan" make tsan
# shellcheck disable=SC2086 # nothing, or two words
try "three threads and the collector" timeout 300 $fixed build/tsan/tests/tsan/wire 200000
done_testing

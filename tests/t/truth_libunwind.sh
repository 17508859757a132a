# SPDX-License-Identifier: Apache-2.0
#
# Programs with known truth, their stacks captured by libunwind, to tell whose mistake a wrong stack is: docs/HOWTO_TEST.md.
exec sh tests/truth.sh libunwind all

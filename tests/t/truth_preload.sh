# SPDX-License-Identifier: Apache-2.0
#
# Programs with known truth under plain LD_PRELOAD: docs/HOWTO_TEST.md.
exec sh tests/truth.sh preload all

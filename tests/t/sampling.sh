# SPDX-License-Identifier: Apache-2.0
#
# Estimates of a sampled recording against known truth, in few runs: tests/sampling.sh tells of more.
exec sh tests/sampling.sh 20 4

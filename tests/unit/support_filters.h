/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of seccomp filters, whole, for the test that looks into it.
 */
#ifndef SEEP_TESTS_SUPPORT_FILTERS_H
#define SEEP_TESTS_SUPPORT_FILTERS_H

#include "../../preload/filters.c"
#include "../../preload/kernel.c"

#endif

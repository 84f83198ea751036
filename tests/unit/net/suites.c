/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_net. */
#include "tests/unit/net/net_tests.h"

const struct unit_suite *const unit_suites[] = {
    &net_addr_suite, &net_loop_suite,  &net_mem_suite,
    &net_real_suite, &net_lines_suite, NULL};

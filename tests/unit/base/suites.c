/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_base. */
#include "tests/unit/base/base_tests.h"

const struct unit_suite *const unit_suites[] = {
    &buf_suite,   &text_suite, &env_suite, &edit_suite,
    &ytree_suite, &mem_suite,  NULL};

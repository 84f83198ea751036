/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_mikey. */
#include "tests/unit/mikey/mikey_tests.h"

const struct unit_suite *const unit_suites[] = {
    &mikey_vectors_suite, &mikey_payloads_suite, &mikey_errors_suite,
    &mikey_eccpt_suite,   &mikey_robust_suite,   &mikey_access_suite,
    &mikey_encode_suite,  &mikey_fields_suite,   NULL};

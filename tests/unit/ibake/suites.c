/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_ibake. */
#include "tests/unit/ibake/ibake_tests.h"

const struct unit_suite *const unit_suites[] = {
    &ibake_transcript_suite, &ibake_forms_suite,
    &ibake_edits_suite,      &ibake_checks_suite,
    &ibake_kms_suite,        &ibake_deposit_suite,
    &ibake_robust_suite,     NULL};

/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of the judge. */
#include "tests/unit/unit.h"

extern const struct unit_suite suite_engine, suite_result, suite_verdict,
    suite_hostile;
extern const struct unit_suite suite_laws_structure, suite_laws_sip,
    suite_laws_kms, suite_laws_identity, suite_laws_replay, suite_laws_secrecy;

const struct unit_suite *const unit_suites[] = {
    &suite_engine,
    &suite_result,
    &suite_verdict,
    &suite_hostile,
    &suite_laws_structure,
    &suite_laws_sip,
    &suite_laws_kms,
    &suite_laws_identity,
    &suite_laws_replay,
    &suite_laws_secrecy,
    NULL,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_crypto. */
#include "tests/unit/crypto/crypto_tests.h"

const struct unit_suite *const unit_suites[] = {&crypto_vectors_suite, NULL};

/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_crypto. The self-test comes first: its fork must find a
 * process in which it has not run. */
#include "tests/unit/crypto/crypto_tests.h"

const struct unit_suite *const unit_suites[] = {&crypto_selftest_suite,
                                                &crypto_vectors_suite,
                                                &crypto_fp_suite,
                                                &crypto_curve_suite,
                                                &crypto_pairing_suite,
                                                &crypto_bf_suite,
                                                &crypto_der_suite,
                                                &crypto_kdf_suite,
                                                &crypto_ecdh_suite,
                                                &crypto_ibe_asn1_suite,
                                                NULL};

/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_siptx. */
#include "tests/unit/siptx/siptx_tests.h"

const struct unit_suite *const unit_suites[] = {
    &client_suite, &server_suite,    &reliable_suite,
    &dialog_suite, &transport_suite, &proxy_suite,
    &auth_suite,   &pair_suite,      NULL};

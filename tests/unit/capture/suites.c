/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_capture. */
#include "tests/unit/capture/capture_tests.h"

const struct unit_suite *const unit_suites[] = {
    &dissect_suite,     &tcp_suite,    &framing_suite,
    &carrier_suite,     &trace_suite,  &keylog_suite,
    &keylog_keys_suite, &record_suite, NULL};

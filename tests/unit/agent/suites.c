/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_agent. */
#include "tests/unit/agent/agent_tests.h"

const struct unit_suite *const unit_suites[] = {&store_suite,    &sdp_suite,
                                                &faults_suite,   &core_suite,
                                                &protocol_suite, NULL};

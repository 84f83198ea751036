/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The suites of unit_scenario. */
#include "tests/unit/scenario/scenario_tests.h"

const struct unit_suite *const unit_suites[] = {&scenario_suite, NULL};

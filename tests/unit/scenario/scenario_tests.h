/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Shared by the test files of unit_scenario. */
#ifndef TESTS_UNIT_SCENARIO_SCENARIO_TESTS_H
#define TESTS_UNIT_SCENARIO_SCENARIO_TESTS_H

#include "tests/unit/unit.h"

extern const struct unit_suite scenario_suite;

#endif

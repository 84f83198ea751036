/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Shared by the test files of unit_base. */
#ifndef TESTS_UNIT_BASE_BASE_TESTS_H
#define TESTS_UNIT_BASE_BASE_TESTS_H

#include "tests/unit/unit.h"

extern const struct unit_suite buf_suite;
extern const struct unit_suite text_suite;
extern const struct unit_suite env_suite;
extern const struct unit_suite edit_suite;
extern const struct unit_suite ytree_suite;
extern const struct unit_suite mem_suite;

#endif

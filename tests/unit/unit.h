/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Tables of unit test cases, run by tests/unit/main.c with CUnit. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <CUnit/CUnit.h>

struct unit_case {
    const char *name; /* a sentence: "hdr_rejects_unknown_version" */
    void (*run)(void);
};

struct unit_suite {
    const char *name;
    const struct unit_case *cases; /* ends with a NULL name */
};

/* Each tests/unit/<layer>/suites.c defines this list, ending with NULL. */
extern const struct unit_suite *const unit_suites[];

#endif
